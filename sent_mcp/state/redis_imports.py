"""Imports that are not finished, in Redis; each function is one script.

A key with phone numbers ends with the import, to the millisecond, whoever looks for it or not.
"""

import json

from sent_mcp.state.redis_server import RedisServer, Script, key
from sent_mcp.state.store import IMPORT_SECONDS, SKEW_SECONDS, StoredImport

_FIELDS = (
    "'caller', 'account', 'key', 'agreed', 'expires_at', 'counts', 'numbers', 'failed', 'invalid'"
)
_LONGEST = IMPORT_SECONDS + SKEW_SECONDS
_KEEP = Script(f"""
  local names, row = {{{_FIELDS}}}, {{'busy_until', '0'}}
  for index, name in ipairs(names) do
    table.insert(row, name)
    table.insert(row, ARGV[index + 1])
  end
  redis.call('HSET', KEYS[1], unpack(row))
  local seconds = math.min(ARGV[6] - now, {_LONGEST})
  redis.call('PEXPIRE', KEYS[1], math.floor(seconds * 1000))
""")
# One from the future was written before the clock went back; its numbers would be kept too long.
_ALIVE = f"""
  local expires_at = redis.call('HGET', KEYS[1], 'expires_at')
  local left = expires_at and expires_at - now
  if left and (left < 0 or left > {_LONGEST}) then
    redis.call('DEL', KEYS[1])
    left = nil
  end
"""
_FIND = Script(f"""
  {_ALIVE}
  if left then return redis.call('HMGET', KEYS[1], {_FIELDS}) end
""")
_CLAIM = Script(f"""
  {_ALIVE}
  if not left then return end
  local busy = redis.call('HGET', KEYS[1], 'busy_until') - now
  if busy >= 0 and busy <= ARGV[2] + {SKEW_SECONDS} then return end
  redis.call('HSET', KEYS[1], 'busy_until', text(now + ARGV[2]))
  return 'claimed'
""")


async def keep(server: RedisServer, found: StoredImport) -> None:
    """See StateStore."""
    whose = (found.caller, found.account, found.idempotency_key, int(found.agreed))
    lists = map(json.dumps, (dict(found.counts), found.numbers, found.failed, found.invalid))
    await server.run(_KEEP, [_key(found.import_id)], *whose, found.expires_at, *lists, again=True)


async def find(server: RedisServer, import_id: str) -> StoredImport | None:
    """See StateStore."""
    row = await server.run(_FIND, [_key(import_id)], again=True)
    return _read(import_id, row) if row else None


async def claim(server: RedisServer, import_id: str, seconds: float) -> bool:
    """See StateStore."""
    return bool(await server.run(_CLAIM, [_key(import_id)], seconds))


def _key(import_id: str) -> str:
    return key("import", import_id)


def _read(import_id: str, row: list[str]) -> StoredImport:
    caller, account, idempotency_key, agreed, expires_at, *lists = row
    counts, numbers, failed, invalid = (json.loads(each) for each in lists)
    return StoredImport(
        import_id,
        caller,
        account,
        idempotency_key,
        agreed == "1",
        float(expires_at),
        counts,
        tuple(numbers),
        tuple((number, code) for number, code in failed),
        tuple((text, reason) for text, reason in invalid),
    )
