/** Look-ups, marks and lists. Each looks at a bounded number of rows and says where to go on. */

/** Adds a row to `rows`: ten parts. */
const FOUND = `
local rows = {}
local ROW_PARTS = 10
local function addRow(parts)
  for _, part in ipairs(parts) do
    rows[#rows + 1] = part
  end
end

-- Each row: the use's place, code, state, expiry, batch, draw's number, instant, redeemed, whether it shows its texts, texts.
local function addUse(row)
  local of = lot(row.lot)
  local texts = row.contact and row.contact .. '\\t' .. row.message .. '\\t' .. row.slot or row.slot
  addRow({
    text(row.id), codeAt(of, row.position), 'assigned', text(of.expiresAt), batch(of.batch).id, text(row.number), row.at,
    get(drawsView, 'r' .. text(row.number)) or '', row.contact and '1' or '', texts,
  })
end
`;

export const FIND = `${FOUND}
-- ARGV: by what (key, contact or message), the text, the use to start after, how many rows, how many uses to look at.
-- Answers where to go on ('' at the end), then the rows.
if not readPool() then
  return { '' }
end
measureBuckets()
local by, sought, after, limit, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local looked, last = 0, after

local function isFull()
  return #rows >= limit * ROW_PARTS or looked >= most
end

local number
if by == 'key' then
  local of, position = findCommitted(sought)
  if not of then
    return { '' }
  end
  local state = stateAt(of, position)
  if state == '0' or state == '-' then
    local code = codeAt(of, position)
    addRow({ '0', code, state == '0' and 'available' or 'void', text(of.expiresAt), batch(of.batch).id, '', '', '', '', '' })
    return { '', unpack(rows) }
  end
  number = tonumber(state)
  if not sharedDraw(number) then
    if number > after then
      addUse(rowOf(number))
    end
    return { '', unpack(rows) }
  end
end

local field = number and 'd' .. text(number) or (by == 'contact' and 'c' or 'm') .. sought
local stopped = eachUse(field, after, function(id)
  if isFull() then
    return true
  end
  looked, last = looked + 1, id
  local row = rowOf(id)
  if row and (number and row.number == number or not number and row[by] == sought) then
    addUse(row)
  end
  return false
end)
return { stopped and text(last) or '', unpack(rows) }
`;

export const FORGET = `
-- ARGV: contact, the use to start after, how many uses to look at. Answers where to go on ('' at the end), and how many were
-- forgotten.
if not readPool() then
  return { '', 0 }
end
local contact, after, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local field = 'c' .. contact
local looked, forgotten, last = 0, 0, after
local more = eachUse(field, after, function(id)
  if looked >= most then
    return true
  end
  looked, last = looked + 1, id
  local row = rowOf(id)
  if row and row.contact == contact then
    local head = match(rowLine(id), '^[^\\t]*\\t')
    setRow(id, head .. row.slot)
    unpost('m' .. row.message, text(id))
    forgotten = forgotten + 1
  end
  return false
end)
-- What was looked at leaves the contact's list; the whole list when it is done.
local list = get(postingsView, field)
if list then
  local full, rest = listParts(list)
  for at = 0, full - 1 do
    local part = get(postingsView, field .. '.' .. at)
    if part and tonumber(match(part, '(%d+)$')) <= last then
      set(postingsView, field .. '.' .. at, false)
    end
  end
  if not more then
    set(postingsView, field, false)
  end
end
writeStock()
return { more and text(last) or '', forgotten }
`;

export const MARK_REDEEMED = `
-- ARGV: now, then equality keys. Answers how many are marked.
if not readPool() then
  return 0
end
measureBuckets()
local prints, fields = printsOf(2)
local marked, fresh = 0, 0
for i = 2, #ARGV do
  local of, position = findCommitted(ARGV[i], prints[i - 1], fields[i - 1])
  local state = of and stateAt(of, position)
  if state and state ~= '0' and state ~= '-' then
    marked = marked + 1
    if not get(drawsView, 'r' .. state) then
      set(drawsView, 'r' .. state, ARGV[1])
      fresh = fresh + 1
    end
  end
end
if fresh > 0 then
  setPool('redeemed', pool.redeemed + fresh)
  writeStock()
end
return marked
`;

export const VOID = `
-- ARGV: equality keys. Answers how many are void.
if not readPool() then
  return 0
end
measureBuckets()
local prints, fields = printsOf(1)
local voided = 0
local isNewlyVoid = {}
for i, key in ipairs(ARGV) do
  local of, position = findCommitted(key, prints[i], fields[i])
  local state = of and stateAt(of, position)
  local place = of and placeOf(of, position)
  if of and (state == '-' or isNewlyVoid[place]) then
    voided = voided + 1
  elseif state == '0' and batch(of.batch).state == COMMITTED then
    voided = voided + 1
    isNewlyVoid[place] = true
    if position < of.cursor then
      setState(of, position, '-')
      laterRemove(RETURNED, place)
    else
      laterAdd(VOIDS, place, place)
      of.ahead = of.ahead + 1
    end
    of.void = of.void + 1
    of.free = of.free - 1
    local sum = sumOf(of.expiresAt)
    sum.void = sum.void + 1
    if of.free == 0 then
      shut(of)
    end
  end
end
writeStock()
return voided
`;

export const DRAWS = `${FOUND}
-- ARGV: the draw's number to start at, the use to start after in it, how many rows, how many draws to look at. Answers
-- where to go on (number and use, '' at the end), then the rows.
if not readPool() then
  return { '', '' }
end
local number, after, limit, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local last = math.min(number + most - 1, pool.draws)
local fields = {}
for at = number, last do
  fields[#fields + 1] = 'd' .. text(at)
end
fetch(drawsView, fields)
while number <= last do
  if sharedDraw(number) then
    local lastUse = after
    local stopped = eachUse('d' .. text(number), after, function(id)
      if #rows >= limit * ROW_PARTS then
        return true
      end
      lastUse = id
      local row = rowOf(id)
      if row and row.number == number then
        addUse(row)
      end
      return false
    end)
    if stopped then
      return { text(number), text(lastUse), unpack(rows) }
    end
  else
    if #rows >= limit * ROW_PARTS then
      return { text(number), text(after), unpack(rows) }
    end
    local row = rowOf(number)
    if row and not row.shared and row.id > after then
      addUse(row)
    end
  end
  number, after = number + 1, 0
end
local ended = number > pool.draws
return { not ended and text(number) or '', not ended and '0' or '', unpack(rows) }
`;

export const CODES = `
-- ARGV: expiry, lot and position to start after, how many rows, how many positions to look at. Answers where to go on
-- (expiry, lot, position; '' at the end), then each code with its lot, position and expiry.
local rows = {}
if not readPool() then
  return { '', '', '' }
end
local expiresAt, number, after, limit, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local offset, looked = 0, 0
while true do
  local members = call('ZRANGEBYSCORE', OPEN, text(expiresAt), '+inf', 'LIMIT', offset, 100)
  if #members == 0 then
    return { '', '', '', unpack(rows) }
  end
  offset = offset + #members
  for _, member in ipairs(members) do
    local of = lot(tonumber(member))
    local isLater = of.expiresAt > expiresAt or of.number > number
    if isLater or of.number == number then
      local from = isLater and -1 or after
      -- What was given back lies before the lot's cursor, all else at or after it.
      local function add(position)
        if #rows >= 4 * limit or looked >= most then
          return false
        end
        looked, from = looked + 1, position
        if stateAt(of, position) == '0' then
          local code = codeAt(of, position)
          for _, part in ipairs({ code, text(of.number), text(position), text(of.expiresAt) }) do
            rows[#rows + 1] = part
          end
        end
        return true
      end
      local start = of.number * POSITIONS
      local given = from < of.cursor - 1
        and call('ZRANGEBYSCORE', RETURNED, text(start + from + 1), text(start + of.cursor - 1), 'LIMIT', 0, limit + 1) or {}
      for _, place in ipairs(given) do
        if not add(tonumber(place) - start) then
          return { text(of.expiresAt), text(of.number), text(from), unpack(rows) }
        end
      end
      for position = math.max(from + 1, of.cursor), of.next - 1 do
        if not add(position) then
          return { text(of.expiresAt), text(of.number), text(from), unpack(rows) }
        end
      end
    end
  end
end
`;
