"""Sends and their messages in Redis; each function is one script.

A send is a hash, with its messages in numbered fields. What is looked for by something else is a
list of references to it, newest last: `same` (account, content, recipient) and `to` (account,
recipient) of messages (`send message`), `open` (account, body) of sends. So the last reference is
what is asked for, and where its send is dropped, the one before it is. Of lists with recipients
the scripts are told the name up to the recipient, as they touch many.
"""

from collections.abc import Collection, Sequence

from sent_mcp.state.redis_server import RedisServer, Script, hidden, key
from sent_mcp.state.store import (
    KEPT_SECONDS,
    KEY_SECONDS,
    SKEW_SECONDS,
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
)

_KEPT = int(KEPT_SECONDS) + 3600

_COUNTED = f"""
  local function counted(messages)
    return redis.call('ZCOUNT', messages, text(now - {KEPT_SECONDS}), '+inf')
  end
"""
_LAST = f"""
  -- The last message of a list: its send, when, whether that is open, and its id at Sent.
  local function last(list)
    local id, index = string.match(redis.call('LINDEX', list, -1) or '', '(%d+) (%d+)')
    if not id then return end
    local found = redis.call('HMGET', prefix .. 'send:' .. id, 'at', 'open', 'id' .. index)
    if not found[1] or tonumber(found[1]) < now - {KEPT_SECONDS} then return end
    return {{id, found[1], found[2] ~= '0' and '1' or '0', found[3] or ''}}
  end
"""
# One from the future was sent by a clock that ran ahead: its age is not known.
_OPEN = f"""
  local function open_send(list)
    local ids = redis.call('LRANGE', list, 0, -1)
    for index = #ids, 1, -1 do
      local found = redis.call('HMGET', prefix .. 'send:' .. ids[index], 'key', 'at')
      local age = found[2] and now - found[2]
      if age and age <= {KEY_SECONDS} and age >= -{SKEW_SECONDS} then
        return {{ids[index], found[1], found[2]}}
      end
    end
  end
"""
_COUNT = Script(f"{_COUNTED} return counted(KEYS[1])")
_EARLIER = Script(f"""
  {_LAST}
  local found = {{}}
  for index = 2, #ARGV do
    local row = last(KEYS[1] .. ':' .. ARGV[index])
    if row then table.insert(found, {{index - 2, row}}) end
  end
  return found
""")
_OPEN_SEND = Script(f"{_OPEN} return open_send(KEYS[1])")
# Arguments: key, limit, then for each message its recipient and what was shown of the last one.
_START = Script(f"""
  {_COUNTED} {_LAST} {_OPEN}
  local same, to, messages, list = unpack(KEYS)
  local again, limit = unpack(ARGV, 2)
  local count = (#ARGV - 3) / 2
  for index = 1, count do
    local row = last(same .. ':' .. ARGV[2 + 2 * index])
    if ARGV[3 + 2 * index] ~= (row and row[1] .. ' ' .. row[3] or '') then return 'changed' end
  end
  local repeats = open_send(list)
  if repeats and repeats[2] == again then
    redis.call('HINCRBY', prefix .. 'send:' .. repeats[1], 'open', 1)
    return repeats[1]
  end
  if counted(messages) + count > tonumber(limit) then return 'above the limit' end

  local id = whole(numbered(1))
  local send = prefix .. 'send:' .. id
  local function refer(name, what)
    redis.call('RPUSH', name, what)
    keep(name, {_KEPT})
    while true do
      local oldest = string.match(redis.call('LINDEX', name, 0), '%d+')
      if redis.call('EXISTS', prefix .. 'send:' .. oldest) == 1 then break end
      redis.call('LPOP', name)
    end
  end
  redis.call('HSET', send, 'key', again, 'at', text(now), 'open', '1', 'count', count,
    'same', same, 'to', to, 'messages', messages, 'list', list)
  keep(send, {_KEPT})
  refer(list, id)
  for index = 1, count do
    local recipient, what = ARGV[2 + 2 * index], id .. ' ' .. index
    redis.call('HSET', send, 'to' .. index, recipient)
    refer(same .. ':' .. recipient, what)
    refer(to .. ':' .. recipient, what)
    redis.call('ZADD', messages, text(now), what)
  end
  keep(messages, {_KEPT})
  redis.call('ZREMRANGEBYSCORE', messages, '-inf', '(' .. text(now - {_KEPT}))
  return id
""")
# Arguments: the id, then pairs of a recipient and a message id. What was noted before is left.
_CLOSE = Script("""
  local count = redis.call('HGET', KEYS[1], 'count')
  if not count then return end
  redis.call('HSET', KEYS[1], 'open', '0')
  redis.call('LREM', redis.call('HGET', KEYS[1], 'list'), 0, ARGV[2])
  local free, noted = {}, {}
  for index = 1, count do
    local to, known = unpack(redis.call('HMGET', KEYS[1], 'to' .. index, 'id' .. index))
    if known then noted[known] = true else table.insert(free, {index, to}) end
  end
  for pair = 3, #ARGV, 2 do
    for place, message in ipairs(free) do
      if noted[ARGV[pair + 1]] then break end
      if message[2] == ARGV[pair] then
        redis.call('HSET', KEYS[1], 'id' .. message[1], ARGV[pair + 1])
        table.remove(free, place)
        break
      end
    end
  end
""")
_DROP = Script("""
  local open, count, same, to, messages, list =
    unpack(redis.call('HMGET', KEYS[1], 'open', 'count', 'same', 'to', 'messages', 'list'))
  local attempts = tonumber(open or 0)
  if attempts < 1 or attempts > 1 and ARGV[3] == '0' then return end
  redis.call('LREM', list, 0, ARGV[2])
  for index = 1, count do
    local what, recipient = ARGV[2] .. ' ' .. index, redis.call('HGET', KEYS[1], 'to' .. index)
    redis.call('LREM', same .. ':' .. recipient, 0, what)
    redis.call('LREM', to .. ':' .. recipient, 0, what)
    redis.call('ZREM', messages, what)
  end
  redis.call('DEL', KEYS[1])
  return 'dropped'
""")
_LAST_TO = Script(f"{_LAST} return last(KEYS[1])")


async def counted(server: RedisServer, account: str) -> int:
    """See StateStore."""
    (count,) = await server.run(_COUNT, [key("messages", account)], again=True)
    return int(count)


async def earlier(
    server: RedisServer, account: str, content: str, recipients: Collection[str]
) -> Sequence[Earlier]:
    """See StateStore."""
    asked = list(dict.fromkeys(recipients))
    keys = [key("same", account, content)]
    found = await server.run(_EARLIER, keys, *map(hidden, asked), again=True)
    rows = [found[start : start + 5] for start in range(0, len(found), 5)]
    return [_earlier(asked[int(index)], row) for index, *row in rows]


async def open_send(server: RedisServer, account: str, body: str) -> OpenSend | None:
    """See StateStore."""
    row = await server.run(_OPEN_SEND, [key("open", account, body)], again=True)
    return OpenSend(int(row[0]), row[1], float(row[2])) if row else None


async def start(
    server: RedisServer, send: NewSend, limit: int, shown: Sequence[Earlier]
) -> int | NotStarted:
    """See StateStore."""
    expected = {each.recipient: f"{each.send_id} {int(each.open)}" for each in shown}
    if not expected.keys() <= set(send.recipients):
        return NotStarted.CHANGED
    lists = [key("same", send.account, send.content), key("to", send.account)]
    keys = [*lists, key("messages", send.account), key("open", send.account, send.body)]
    told = [part for each in send.recipients for part in (hidden(each), expected.get(each, ""))]
    (found,) = await server.run(_START, keys, send.idempotency_key, limit, *told)
    return int(found) if found.isdigit() else NotStarted(found)


async def close(server: RedisServer, send_id: int, sent: Sequence[tuple[str, str]]) -> None:
    """See StateStore."""
    pairs = [part for to, message in sent for part in (hidden(to), message)]
    await server.run(_CLOSE, [_key(send_id)], str(send_id), *pairs, again=True)


async def drop(server: RedisServer, send_id: int, *, repeated: bool) -> bool:
    """See StateStore. `open` counts the attempts under one key, and is 0 once one was answered."""
    return bool(await server.run(_DROP, [_key(send_id)], str(send_id), int(repeated)))


async def last_to(server: RedisServer, account: str, recipient: str) -> Earlier | None:
    """See StateStore."""
    row = await server.run(_LAST_TO, [key("to", account, recipient)], again=True)
    return _earlier(recipient, row) if row else None


def _key(send_id: int) -> str:
    return f"{key('send')}:{send_id}"


def _earlier(recipient: str, row: Sequence[str]) -> Earlier:
    send_id, at, is_open, message_id = row
    return Earlier(int(send_id), recipient, message_id or None, float(at), is_open == "1")
