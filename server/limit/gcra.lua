-- The generic cell rate algorithm; cell.take in limit.go is the same in Go.
-- KEYS[1] holds the theoretical arrival time, microseconds since 1970.
-- ARGV: take, peek or return, the clock or '' for this server's, limit, interval, capacity, how many.
-- Answers whether they may, the arrival time, and the clock: as text, since a reply of numbers is cut to integers by some.
local verb, clock = ARGV[1], ARGV[2]
local limit, interval, capacity, n = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local now, grace = tonumber(clock), 60000
if not now then
  grace = 1
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local tat = tonumber(redis.call('GET', KEYS[1]) or '0')
tat = math.min(math.max(tat, now), now + capacity)
if verb == 'return' then
  n = -n
end
local following = tat + n * interval
if n > limit or following - now > capacity then
  return {'0', string.format('%.0f', tat), string.format('%.0f', now)}
end
if verb == 'peek' then
  return {'1', string.format('%.0f', tat), string.format('%.0f', now)}
end
if following <= now then
  redis.call('DEL', KEYS[1])
else
  -- Kept until the whole limit is back, and little longer; a clock of one's own does not go with this server's.
  redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000) + grace)
end
return {'1', string.format('%.0f', following), string.format('%.0f', now)}
