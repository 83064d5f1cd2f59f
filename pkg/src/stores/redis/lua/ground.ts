/**
 * What every script stands on. A script reads first and writes last: hashes are read through views that keep changes
 * to themselves until `write()`, because Redis does not take back what a script wrote before it failed.
 */
import { POOL_KEYS } from "../keys.js";

const NAMES = POOL_KEYS.map((name) => name.toUpperCase()).join(", ");

export const GROUND = `
local ${NAMES} = unpack(KEYS)
local call, floor, format, find, match, sub = redis.call, math.floor, string.format, string.find, string.match, string.sub

-- Later than any instant: "the pool's own expiry applies".
local NEVER = 9000000000000000

-- Lua would write large numbers with an exponent.
local function text(number)
  return format('%d', number)
end

local function split(list, separator)
  local parts, count, from = {}, 0, 1
  if not list then
    return parts
  end
  while true do
    local at = find(list, separator, from, true)
    count = count + 1
    if not at then
      parts[count] = sub(list, from)
      return parts
    end
    parts[count] = sub(list, from, at - 1)
    from = at + 1
  end
end

local views, commands, adds, removals = {}, {}, {}, {}

-- A hash with changes that are written at the end.
local function view(key)
  local made = { key = key, seen = {}, changed = {} }
  views[#views + 1] = made
  return made
end

local function get(hash, field)
  local value = hash.seen[field]
  if value == nil then
    value = call('HGET', hash.key, field)
    hash.seen[field] = value
  end
  return value
end

-- false removes the field.
local function set(hash, field, value)
  hash.seen[field] = value
  hash.changed[field] = true
end

-- Reads many fields at once.
local function fetch(hash, fields)
  for first = 1, #fields, 2000 do
    local last = math.min(first + 1999, #fields)
    local values = call('HMGET', hash.key, unpack(fields, first, last))
    for i = first, last do
      if hash.seen[fields[i]] == nil then
        hash.seen[fields[i]] = values[i - first + 1]
      end
    end
  end
end

-- A command to run at the end.
local function later(...)
  commands[#commands + 1] = { ... }
end

-- Members of sorted sets, added or removed at the end, many at once; no script does both with one member.
local function laterAdd(key, score, member)
  local list = adds[key] or { 'ZADD', key }
  adds[key] = list
  list[#list + 1] = score
  list[#list + 1] = member
end
local function laterRemove(key, member)
  local list = removals[key] or { 'ZREM', key }
  removals[key] = list
  list[#list + 1] = member
end

-- Pages: a hash whose fields hold lines.
local allPages = {}
local function pages(key, separator)
  local made = { hash = view(key), separator = separator, lines = {}, changed = {}, reads = {} }
  allPages[#allPages + 1] = made
  return made
end

-- One line of a page, nil if it has fewer. Taking a page apart pays from the third line on.
local function lineOf(of, field, number)
  local lines = of.lines[field]
  if lines then
    return lines[number]
  end
  local reads = (of.reads[field] or 0) + 1
  of.reads[field] = reads
  local list, from = get(of.hash, field), 1
  if reads > 2 or not list then
    lines = split(list, of.separator)
    of.lines[field] = lines
    return lines[number]
  end
  for _ = 2, number do
    local at = find(list, of.separator, from, true)
    if not at then
      return nil
    end
    from = at + 1
  end
  local at = find(list, of.separator, from, true)
  return sub(list, from, at and at - 1 or -1)
end

local function page(of, field)
  local lines = of.lines[field]
  if not lines then
    lines = split(get(of.hash, field), of.separator)
    of.lines[field] = lines
  end
  return lines
end

local function isBlank(lines)
  for i = 1, #lines do
    if lines[i] ~= '' then
      return false
    end
  end
  return true
end

local function write()
  for _, of in ipairs(allPages) do
    for field in pairs(of.changed) do
      local lines = of.lines[field]
      set(of.hash, field, not isBlank(lines) and table.concat(lines, of.separator))
    end
  end
  for _, hash in ipairs(views) do
    local sets, gone = {}, {}
    local setCount, goneCount = 0, 0
    for field in pairs(hash.changed) do
      local value = hash.seen[field]
      if value then
        sets[setCount + 1], sets[setCount + 2] = field, value
        setCount = setCount + 2
      else
        goneCount = goneCount + 1
        gone[goneCount] = field
      end
    end
    for first = 1, setCount, 4000 do
      call('HSET', hash.key, unpack(sets, first, math.min(first + 3999, setCount)))
    end
    for first = 1, goneCount, 4000 do
      call('HDEL', hash.key, unpack(gone, first, math.min(first + 3999, goneCount)))
    end
  end
  for _, lists in ipairs({ adds, removals }) do
    for key, list in pairs(lists) do
      for first = 3, #list, 4000 do
        call(list[1], key, unpack(list, first, math.min(first + 3999, #list)))
      end
    end
  end
  for _, command in ipairs(commands) do
    call(unpack(command))
  end
end

-- The pool's counters, by name; false if there is no such pool.
local pool = {}
local poolView = view(POOL)
local COUNTERS = { 'version', 'draws', 'uses', 'added', 'fellBack', 'redeemed', 'lots', 'batches', 'staged', 'buckets', 'entries' }
local function readPool()
  local values = call('HMGET', POOL, unpack(COUNTERS))
  if not values[1] then
    return false
  end
  for i, name in ipairs(COUNTERS) do
    pool[name] = tonumber(values[i] or '0')
  end
  return true
end

local function setPool(name, value)
  pool[name] = value
  set(poolView, name, text(value))
end
`;
