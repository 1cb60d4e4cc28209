"""Approvals, declines and counted changes in Redis; each function is one script."""

import json
from collections.abc import Sequence

from sent_mcp.state.redis_server import RedisServer, Script, key
from sent_mcp.state.store import KEPT_SECONDS, MOST_PENDING, SKEW_SECONDS, Pending, Used

_HOUR = 3600
_KEPT = int(KEPT_SECONDS) + _HOUR

_HOLD = Script(f"""
  local id, caller, binding, again, asked_at, expires_at = unpack(ARGV, 2)
  local seconds = expires_at - now + 60
  redis.call('HSET', KEYS[1], 'caller', caller, 'binding', binding, 'key', again,
    'asked_at', asked_at, 'expires_at', expires_at, 'among', KEYS[2])
  keep(KEYS[1], seconds)
  redis.call('ZADD', KEYS[2], asked_at, id)
  keep(KEYS[2], seconds)
  for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, -{MOST_PENDING + 1})) do
    redis.call('DEL', prefix .. 'approval:' .. old)
    redis.call('ZREM', KEYS[2], old)
  end
""")
_FOUND = """
  local function found(name)
    return redis.call('HMGET', name, 'caller', 'binding', 'key', 'asked_at', 'expires_at', 'among')
  end
  local function forget(name, id, among)
    redis.call('DEL', name)
    redis.call('ZREM', among, id)
  end
"""
_TAKE = Script(f"""
  {_FOUND}
  local id, binding = unpack(ARGV, 2)
  local held = found(KEYS[1])
  if not held[1] then
    return {{'used', redis.call('HMGET', KEYS[2], 'at', 'status', 'ids')}}
  end
  local in_time = held[4] - {SKEW_SECONDS} <= now and now <= tonumber(held[5])
  if in_time and held[2] == binding then
    redis.call('HSET', KEYS[2], 'at', text(now))
    keep(KEYS[2], {_KEPT})
  end
  forget(KEYS[1], id, held[6])
  if in_time then return {{'pending', held}} end
""")
_DROP = Script(f"""
  {_FOUND}
  local held = found(KEYS[1])
  if not held[1] then return end
  forget(KEYS[1], ARGV[2], held[6])
  return held
""")
_DROP_ALIKE = Script(f"""
  {_FOUND}
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local name = prefix .. 'approval:' .. id
    if redis.call('HGET', name, 'binding') == ARGV[2] then forget(name, id, KEYS[1]) end
  end
""")
_USED = Script("return redis.call('HMGET', KEYS[1], 'at', 'status', 'ids')")
_FINISH = Script("""
  if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('HSET', KEYS[1], 'status', ARGV[2], 'ids', ARGV[3])
  end
""")
_DECLINED = Script(f"""
  redis.call('RPUSH', KEYS[1], text(now))
  keep(KEYS[1], {_HOUR})
  while redis.call('LINDEX', KEYS[1], 0) + {_HOUR} < now do redis.call('LPOP', KEYS[1]) end
""")
_DECLINES = Script("""
  local times = {}
  for _, at in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if now - ARGV[2] <= tonumber(at) and tonumber(at) <= now then table.insert(times, at) end
  end
  return times
""")
_SPEND = Script(f"""
  local count, most, seconds = unpack(ARGV, 2)
  local spent = redis.call('ZCOUNT', KEYS[1], '(' .. text(now - seconds), '+inf')
  if most ~= '' and spent + count > tonumber(most) then return end
  local ids, first = {{}}, numbered(count)
  for offset = 0, count - 1 do
    local id = whole(first + offset)
    redis.call('ZADD', KEYS[1], text(now), id)
    table.insert(ids, id)
  end
  keep(KEYS[1], math.max(seconds, {_HOUR}))
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. text(now - math.max(seconds, {_HOUR})))
  return {{'spent', ids}}
""")
_SPEND_BACK = Script("""
  for index = 2, #ARGV do redis.call('ZREM', KEYS[1], ARGV[index]) end
""")


async def hold(server: RedisServer, pending: Pending) -> None:
    """See StateStore."""
    keys = [_held(pending.approval_id), key("pending", pending.caller)]
    what = (pending.approval_id, pending.caller, pending.binding, pending.idempotency_key)
    await server.run(_HOLD, keys, *what, pending.asked_at, pending.expires_at)


async def take(server: RedisServer, approval_id: str, binding: str) -> Pending | Used | None:
    """See StateStore."""
    keys = [_held(approval_id), _given(approval_id)]
    kind, *found = await server.run(_TAKE, keys, approval_id, binding) or [""]
    if kind == "used":
        return _used(found)
    return _pending(approval_id, found)


async def drop(server: RedisServer, approval_id: str) -> Pending | None:
    """See StateStore."""
    return _pending(approval_id, await server.run(_DROP, [_held(approval_id)], approval_id))


async def drop_alike(server: RedisServer, caller: str, binding: str) -> None:
    """See StateStore."""
    await server.run(_DROP_ALIKE, [key("pending", caller)], binding, again=True)


async def used(server: RedisServer, approval_id: str) -> Used | None:
    """See StateStore."""
    return _used(await server.run(_USED, [_given(approval_id)], again=True))


async def finish(server: RedisServer, approval_id: str, status: str, ids: Sequence[str]) -> None:
    """See StateStore."""
    said = json.dumps(list(ids))
    await server.run(_FINISH, [_given(approval_id)], status, said, again=True)


async def declined(server: RedisServer, who: str) -> None:
    """See StateStore. It is kept for an hour, longer than anybody asks for."""
    await server.run(_DECLINED, [key("declines", who)])


async def declines(server: RedisServer, who: str, seconds: float) -> Sequence[float]:
    """See StateStore. Those after now are from a clock that has gone back."""
    times = await server.run(_DECLINES, [key("declines", who)], seconds, again=True)
    return [float(at) for at in times]


async def spend(
    server: RedisServer, who: str, count: int, most: int | None, seconds: float
) -> Sequence[int] | None:
    """See StateStore. Those after now count: a clock that goes back must not allow more."""
    limit = "" if most is None else most
    found = await server.run(_SPEND, [key("changes", who)], count, limit, seconds)
    return [int(change) for change in found[1:]] if found else None


async def spend_back(server: RedisServer, who: str, changes: Sequence[int]) -> None:
    """See StateStore."""
    if changes:
        await server.run(_SPEND_BACK, [key("changes", who)], *changes, again=True)


def _held(approval_id: str) -> str:
    return f"{key('approval')}:{approval_id}"


def _given(approval_id: str) -> str:
    return f"{key('used')}:{approval_id}"


def _pending(approval_id: str, found: Sequence[str]) -> Pending | None:
    if not found:
        return None
    caller, binding, idempotency_key, asked_at, expires_at, *_ = found
    times = (float(asked_at), float(expires_at))
    return Pending(approval_id, caller, binding, idempotency_key, *times)


def _used(found: Sequence[str]) -> Used | None:
    at, status, ids = found
    return Used(status or None, float(at), tuple(json.loads(ids or "[]"))) if at else None
