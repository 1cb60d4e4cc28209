"""The budgets of several replicas, counted in Redis."""

from sent_mcp.moving_windows import WINDOW_SECONDS, MovingWindowError, Room
from sent_mcp.state.redis_server import RedisServer, Script, key
from sent_mcp.state.store import StateError

_MILLISECONDS = int(WINDOW_SECONDS * 1000) + 1000
# An entry is the time from which on it counts no more, what it cost, and the sum up to it; so what
# is spent is known from the first and the last. Where the clock was set back, all that was spent
# counts from now on: else it would count until the clock comes round again.
_SPENT = f"""
  local function read(place)
    local entry = redis.call('LINDEX', KEYS[1], place)
    if entry then return string.match(entry, '(%S+) (%S+) (%S+)') end
  end
  local ends, cost, sum = read(-1)
  local spent, total = 0, tonumber(sum or 0)
  if ends and ends - now > {WINDOW_SECONDS} then
    local _, first, before = read(0)
    spent = total - before + first
    redis.call('RPUSH', KEYS[1], table.concat({{text(now + {WINDOW_SECONDS}), spent, total}}, ' '))
    redis.call('LTRIM', KEYS[1], -1, -1)
    redis.call('PEXPIRE', KEYS[1], {_MILLISECONDS})
  end
  ends, cost, sum = read(0)
  while ends and tonumber(ends) <= now do
    redis.call('LPOP', KEYS[1])
    ends, cost, sum = read(0)
  end
  spent = ends and total - sum + cost or 0
"""
_HIT = Script(f"""
  {_SPENT}
  local most, wanted = unpack(ARGV, 2)
  if spent + wanted > tonumber(most) then return end
  local entry = {{text(now + {WINDOW_SECONDS}), wanted, whole(total + wanted)}}
  redis.call('RPUSH', KEYS[1], table.concat(entry, ' '))
  redis.call('PEXPIRE', KEYS[1], {_MILLISECONDS})
  return 'spent'
""")
_ROOM = Script(f"""
  {_SPENT}
  return {{spent, text(ends and ends - now or 0)}}
""")


class RedisWindows:
    """Moving windows by the server's clock, the same for all replicas.

    Not those of the library `limits`: its script takes the time from whoever calls it, so replicas
    whose clocks differ would let through more than there is.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """See MovingWindows."""
        return bool(await self._run(_HIT, name, most, cost))

    async def room(self, name: str, most: int) -> Room:
        """See MovingWindows."""
        spent, seconds = await self._run(_ROOM, name, most)
        return Room(most - int(spent), float(seconds))

    async def _run(self, script: Script, name: str, most: int, *cost: int) -> list[str]:
        keys = [key("window", name, str(most))]
        try:
            # What is spent twice because an answer was lost makes less go out, and never more.
            return await self._server.run(script, keys, most, *cost, again=True)
        except StateError as error:
            raise MovingWindowError(error.message) from None
