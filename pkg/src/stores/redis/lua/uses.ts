/**
 * Uses and draws. A draw with one use and no holder is that use's row alone: both have one number. A draw that uses may
 * share has a record of its own, and its uses' rows name it.
 */

export const USES_AND_DRAWS = `
local ROWS_A_PAGE = 16
local usesView, rowPages, drawsView, postingsView = view(USES), pages(ROWS, '\\n'), view(DRAWS), view(POSTINGS)
-- How long a list of uses may grow before it becomes one of the full ones.
local LONGEST_LIST = 400

-- A row: the draw's number if it is shared, '~', lot:position:instant (base 36), then contact, message and slot, or, once
-- they are forgotten, the slot alone.
local function rowLine(id)
  local line = lineOf(rowPages, text(floor((id - 1) / ROWS_A_PAGE)), (id - 1) % ROWS_A_PAGE + 1)
  return line and line ~= '' and line
end

local function setRow(id, line)
  local field = text(floor((id - 1) / ROWS_A_PAGE))
  local lines = page(rowPages, field)
  local at = (id - 1) % ROWS_A_PAGE + 1
  for i = #lines + 1, at - 1 do
    lines[i] = ''
  end
  lines[at] = line
  rowPages.changed[field] = true
end

local function rowOf(id)
  local line = rowLine(id)
  if not line then
    return nil
  end
  local shared, number, position, at, texts = match(line, '^(%d*)~(%d+):(%d+):([^\\t]*)\\t(.*)$')
  local parts = split(texts, '\\t')
  local row = { id = id, number = tonumber(shared) or id, shared = shared ~= '', lot = tonumber(number), position = tonumber(position), at = at }
  if #parts == 3 then
    row.contact, row.message, row.slot = parts[1], parts[2], parts[3]
  else
    row.slot = parts[1]
  end
  return row
end

-- A shared draw, false if there is none with this number.
local sharedDraws = {}
local function sharedDraw(number)
  local known = sharedDraws[number]
  if known == nil then
    local record = get(drawsView, 'd' .. text(number))
    known = false
    if record then
      local of, position, at, uses, answers, holder = match(record, '^(%d+):(%d+):(%S*) (%d+) (%d+) (.*)$')
      known = { number = number, lot = tonumber(of), position = tonumber(position), at = at, uses = tonumber(uses), answers = tonumber(answers), holder = holder }
    end
    sharedDraws[number] = known
  end
  return known
end

local function writeDraws()
  for number, draw in pairs(sharedDraws) do
    if draw and draw.changed then
      local place = draw.lot .. ':' .. draw.position .. ':' .. draw.at
      local counts = text(draw.uses) .. ' ' .. text(draw.answers)
      set(drawsView, 'd' .. text(number), draw.uses > 0 and place .. ' ' .. counts .. ' ' .. draw.holder)
    end
  end
end

-- A list of uses: numbers and ranges, ascending, behind the number of full lists before it (field.0, field.1, ...).
-- Uses that were taken back may still stand in it.
local function listParts(list)
  local full, rest = match(list, '^(%d+);(.*)$')
  return tonumber(full or '0'), rest or list
end

local function post(field, first, last)
  local list = get(postingsView, field)
  if not list then
    set(postingsView, field, first == last and text(first) or text(first) .. '-' .. text(last))
    return
  end
  local before = match(list, '(%d+)$')
  if before and tonumber(before) + 1 == first then
    local at = #list - #before
    if sub(list, at, at) == '-' then
      list = sub(list, 1, at)
    else
      list = list .. '-'
    end
    set(postingsView, field, list .. text(last))
    return
  end
  local range = first == last and text(first) or text(first) .. '-' .. text(last)
  if #list > LONGEST_LIST then
    local full, rest = listParts(list)
    set(postingsView, field .. '.' .. full, rest)
    set(postingsView, field, (full + 1) .. ';' .. range)
  else
    set(postingsView, field, list .. (before and ',' or '') .. range)
  end
end

-- Takes a use out of its list, where it stands alone in the last one.
local function unpost(field, id)
  local list = get(postingsView, field)
  local at, stop = 0, 0
  while list do
    at, stop = find(list, id, at + 1, true)
    if not at then
      return
    end
    local before, behind = sub(list, at - 1, at - 1), sub(list, stop + 1, stop + 1)
    if (at == 1 or before == ',' or before == ';') and (behind == ',' or behind == '') then
      local rest
      if behind == ',' then
        rest = sub(list, 1, at - 1) .. sub(list, stop + 2)
      else
        rest = sub(list, 1, before == ',' and at - 2 or at - 1)
      end
      set(postingsView, field, rest ~= '' and rest)
      return
    end
  end
end

-- Removes a list whose uses are all gone.
local function unpostAll(field)
  local list = get(postingsView, field)
  if list then
    for at = 0, listParts(list) - 1 do
      set(postingsView, field .. '.' .. at, false)
    end
    set(postingsView, field, false)
  end
end

-- Calls visit(id) for each use of a list after \`after\`, ascending, until it answers true; answers whether it did.
local function eachUse(field, after, visit)
  local list = get(postingsView, field)
  if not list then
    return false
  end
  local full, rest = listParts(list)
  local low, high = 0, full
  while low < high do
    local middle = floor((low + high) / 2)
    -- Of full lists, the first ones may have been forgotten.
    local part = get(postingsView, field .. '.' .. middle)
    if part and tonumber(match(part, '(%d+)$')) > after then
      high = middle
    else
      low = middle + 1
    end
  end
  for at = low, full do
    local ids = at == full and rest or get(postingsView, field .. '.' .. at)
    for first, last in string.gmatch(ids or '', '(%d+)-?(%d*)') do
      first, last = tonumber(first), tonumber(last) or tonumber(first)
      for id = math.max(first, after + 1), last do
        if visit(id) then
          return true
        end
      end
    end
  end
  return false
end
`;
