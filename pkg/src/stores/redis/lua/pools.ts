/** Pool documents, stock, and the small records beside the codes. */

export const SAVE = `
-- ARGV: the expected revision or '', 1 if the pool must be untouched, the document, its revision and version. Answers what
-- is in the way, with the current document.
local revision = call('HGET', POOL, 'revision') or ''
if revision ~= ARGV[1] then
  return { 'conflict', call('HGET', POOL, 'document') or '' }
end
if revision == '' then
  call('HSET', POOL, 'document', ARGV[3], 'revision', ARGV[4], 'version', ARGV[5], 'buckets', 16)
  return { 'saved' }
end
if ARGV[2] == '1' then
  readPool()
  -- A draw needs a committed batch, so a pool without batches has none.
  for sequence = 1, pool.batches do
    if batch(sequence).state ~= DROPPED then
      return { 'touched', call('HGET', POOL, 'document') }
    end
  end
end
call('HSET', POOL, 'document', ARGV[3], 'revision', ARGV[4], 'version', ARGV[5])
return { 'saved' }
`;

export const SHOW = `
-- Answers the document, fallbacks, redeemed, then expiries with their sums, and instants with their draws, as two lists.
local values = call('HMGET', POOL, 'document', 'fellBack', 'redeemed')
if not values[1] then
  return {}
end
return { values[1], values[2] or '0', values[3] or '0', call('HGETALL', SUMS), call('HGETALL', USAGE) }
`;

export const LOAD = "return redis.call('HGET', KEYS[1], 'document')";

export const ALERTS = "return redis.call('HMGET', KEYS[1], 'alertsRevision', 'alerts')";

export const SAVE_ALERTS = `
-- ARGV: the expected revision or '', the next one, the state. Answers 1 if it was saved, then the revision and the state.
if call('EXISTS', POOL) == 0 then
  return { '', '', '' }
end
local current = call('HMGET', POOL, 'alertsRevision', 'alerts')
if (current[1] or '') ~= ARGV[1] then
  return { '', current[1] or '', current[2] or '' }
end
call('HSET', POOL, 'alertsRevision', ARGV[2], 'alerts', ARGV[3])
return { '1', ARGV[2], ARGV[3] }
`;

export const READ_JOURNAL = "return redis.call('HGETALL', KEYS[16])";

export const SAVE_JOURNAL = `
-- ARGV: the entry's id, the expected revision or '', the next one, the entry or '' to remove it. An entry is kept as its
-- revision, a space and its JSON. Answers 1 if it was saved, then the entry as it is now.
if call('EXISTS', POOL) == 0 then
  return { '', '' }
end
local current = call('HGET', JOURNAL, ARGV[1]) or ''
if match(current, '^%d*') ~= ARGV[2] then
  return { '', current }
end
if ARGV[4] == '' then
  call('HDEL', JOURNAL, ARGV[1])
  return { '1', '' }
end
local entry = ARGV[3] .. ' ' .. ARGV[4]
call('HSET', JOURNAL, ARGV[1], entry)
return { '1', entry }
`;

/** Puts a handle into its tenant's directory. */
export const REGISTER = "return redis.call('ZADD', KEYS[1], 0, ARGV[1])";

/** Handles of a tenant after one, in order. */
export const HANDLES = "return redis.call('ZRANGEBYLEX', KEYS[1], '(' .. ARGV[1], '+', 'LIMIT', 0, ARGV[2])";
