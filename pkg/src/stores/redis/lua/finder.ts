/**
 * Finding codes by equality key. Keys stand in buckets by fingerprint, about eight in one, and the number of buckets
 * grows one by one with the pool (linear hashing), so that no script ever moves them all. A hit is verified against the
 * code's text: a fingerprint is a hint. Redis makes the fingerprints itself (SHA-1), so that every client agrees.
 */

export const FINDER = `
local KEYS_A_BUCKET = 8
-- Fingerprints spread evenly: a bucket this long was made by somebody who looked for codes that collide.
local LONGEST_BUCKET = 8192
local buckets = view(PLACES)

local half = 1
local function measureBuckets()
  while half * 2 <= pool.buckets do
    half = half * 2
  end
end

-- Eight hexadecimal digits; '=' stands behind them in a bucket, so that no place looks like one.
local function printOf(key)
  return sub(redis.sha1hex(key), 1, 8)
end

local function bucketOf(print)
  local hash = tonumber(print, 16)
  local at = hash % (2 * half)
  if at >= pool.buckets then
    at = hash % half
  end
  return text(at)
end

-- Makes room for more keys: each step splits one bucket in two.
local function growBuckets(adding)
  local wanted = math.ceil((pool.entries + adding) / KEYS_A_BUCKET)
  local count = pool.buckets
  if count >= wanted then
    return
  end
  while count < wanted do
    local entries = get(buckets, text(count - half))
    if entries then
      local stays, moves = {}, {}
      for print, place in string.gmatch(entries, '(%x+)(=%d+:%d+;)') do
        local to = tonumber(print, 16) % (2 * half) == count and moves or stays
        to[#to + 1] = print .. place
      end
      set(buckets, text(count - half), #stays > 0 and table.concat(stays))
      if #moves > 0 then
        set(buckets, text(count), table.concat(moves))
      end
    end
    count = count + 1
    if count == 2 * half then
      half = count
    end
  end
  setPool('buckets', count)
end

local function addKey(print, field, of, position)
  local entries = (get(buckets, field) or '') .. print .. '=' .. of.number .. ':' .. position .. ';'
  if #entries > LONGEST_BUCKET then
    error('Too many codes of this pool have fingerprints that are nearly the same; they were made to.')
  end
  set(buckets, field, entries)
end

local function removeKey(key, of, position)
  local print = printOf(key)
  local field = bucketOf(print)
  local entries = get(buckets, field)
  local entry = print .. '=' .. of.number .. ':' .. position .. ';'
  local at = entries and find(entries, entry, 1, true)
  if at then
    local rest = sub(entries, 1, at - 1) .. sub(entries, at + #entry)
    set(buckets, field, rest ~= '' and rest)
    setPool('entries', pool.entries - 1)
  end
end

-- The lot and position of the code with this key that has not left the pool; staged ones count.
local function findKey(key, print, field)
  print = print or printOf(key)
  local entries = get(buckets, field or bucketOf(print))
  local at = entries and find(entries, print .. '=', 1, true)
  while at do
    local number, position, next = match(entries, '^(%d+):(%d+);()', at + 9)
    local of = lot(tonumber(number))
    position = tonumber(position)
    local _, found = codeAt(of, position)
    if found == key and not isDead(of, position) then
      return of, position
    end
    at = find(entries, print .. '=', next, true)
  end
end

-- As findKey, without staged codes.
local function findCommitted(key, print, field)
  local of, position = findKey(key, print, field)
  if of and batch(of.batch).state ~= STAGED then
    return of, position
  end
end

-- The fingerprints of ARGV's keys from \`first\` on, and their buckets, which are read at once.
local function printsOf(first)
  local prints, fields = {}, {}
  for i = first, #ARGV do
    local line = ARGV[i]
    local at = find(line, '\\r', 1, true)
    local print = printOf(at and sub(line, at + 1) or line)
    prints[i - first + 1] = print
    fields[i - first + 1] = bucketOf(print)
  end
  fetch(buckets, fields)
  return prints, fields
end
`;
