/** Batches, lots and sums: the counts that move with the codes. */

export const STOCK = `
local STAGED, COMMITTED, UNDONE, DROPPED = 0, 1, 2, 3
-- A place in the pool as one number, exact as a double: a lot's number times POSITIONS, and the position in it.
local POSITIONS, MOST_LOTS = 2 ^ 30, 2 ^ 22
local CODES_A_PAGE = 32

local BATCH_FIELDS = { 'state', 'lease', 'at', 'removed', 'kept', 'blocks', 'added', 'undone', 'assigned', 'firstLot', 'lots', 'cleared' }
local batchesView, batchBySequence = view(BATCHES), {}

local function batch(sequence)
  local known = batchBySequence[sequence]
  if known == nil then
    local record = get(batchesView, text(sequence))
    if not record then
      return nil
    end
    local numbers, note, id = match(record, '^([^\\n]*)\\n([^\\n]*)\\n(.*)$')
    known = { sequence = sequence, note = note, id = id }
    local parts = split(numbers, ' ')
    for i, name in ipairs(BATCH_FIELDS) do
      known[name] = tonumber(parts[i])
    end
    batchBySequence[sequence] = known
  end
  return known
end

local function batchNamed(id)
  local sequence = get(batchesView, '#' .. id)
  return sequence and batch(tonumber(sequence))
end

local LOT_FIELDS = { 'batch', 'expiresAt', 'next', 'cursor', 'free', 'assigned', 'void', 'undone', 'ahead', 'swept' }
local lotsView, lotByNumber = view(LOTS), {}

-- next: the first position without a code. cursor: the first that no claim has passed. ahead: void ones from there on.
local function lot(number)
  local known = lotByNumber[number]
  if known == nil then
    local record = get(lotsView, text(number))
    known = { number = number }
    local parts = split(record, ' ')
    for i, name in ipairs(LOT_FIELDS) do
      known[name] = tonumber(parts[i])
    end
    lotByNumber[number] = known
  end
  return known
end

local sumsView, sumByExpiry = view(SUMS), {}
local function sumOf(expiresAt)
  local known = sumByExpiry[expiresAt]
  if known == nil then
    local parts = split(get(sumsView, text(expiresAt)) or '0 0 0 0', ' ')
    known = { added = tonumber(parts[1]), undone = tonumber(parts[2]), assigned = tonumber(parts[3]), void = tonumber(parts[4]) }
    sumByExpiry[expiresAt] = known
  end
  return known
end

local openMember = function(number)
  return format('%07d', number)
end

-- A lot's codes are claimed from now on, or no longer.
local function open(of)
  laterAdd(OPEN, text(of.expiresAt), openMember(of.number))
end
local function shut(of)
  laterRemove(OPEN, openMember(of.number))
end

local function joined(record, names)
  local parts = {}
  for i, name in ipairs(names) do
    parts[i] = text(record[name])
  end
  return table.concat(parts, ' ')
end

-- Changed records go into their views; before write().
local function writeStock()
  for sequence, record in pairs(batchBySequence) do
    local value = joined(record, BATCH_FIELDS) .. '\\n' .. record.note .. '\\n' .. record.id
    if value ~= batchesView.seen[text(sequence)] then
      set(batchesView, text(sequence), value)
    end
  end
  for number, record in pairs(lotByNumber) do
    local value = joined(record, LOT_FIELDS)
    if value ~= lotsView.seen[text(number)] then
      set(lotsView, text(number), value)
    end
  end
  for expiresAt, sum in pairs(sumByExpiry) do
    local value = joined(sum, { 'added', 'undone', 'assigned', 'void' })
    if value ~= sumsView.seen[text(expiresAt)] and value ~= '0 0 0 0' then
      set(sumsView, text(expiresAt), value)
    end
  end
  write()
end

local codePages, statePages = pages(CODES, '\\n'), pages(STATES, ',')

local function pageField(of, position)
  return of.number .. ':' .. floor(position / CODES_A_PAGE)
end

-- The code at a position and its equality key; nothing where a code has been cleared away.
local function codeAt(of, position)
  local line = lineOf(codePages, pageField(of, position), position % CODES_A_PAGE + 1)
  if not line or line == '' then
    return nil
  end
  local at = find(line, '\\r', 1, true)
  if at then
    return sub(line, 1, at - 1), sub(line, at + 1)
  end
  return line, line
end

local function placeOf(of, position)
  return text(of.number * POSITIONS + position)
end

-- '0' free, '-' void, else the number of the draw that holds the code.
local function stateAt(of, position)
  if position < of.cursor then
    return lineOf(statePages, pageField(of, position), position % CODES_A_PAGE + 1)
  end
  if of.ahead > 0 and call('ZSCORE', VOIDS, placeOf(of, position)) then
    return '-'
  end
  return '0'
end

local function setState(of, position, state)
  local field = pageField(of, position)
  page(statePages, field)[position % CODES_A_PAGE + 1] = state
  statePages.changed[field] = true
end

local function clearCode(of, position)
  local field = pageField(of, position)
  page(codePages, field)[position % CODES_A_PAGE + 1] = ''
  codePages.changed[field] = true
end

-- Whether the code has left the pool.
local function isDead(of, position)
  local state = batch(of.batch).state
  return state == DROPPED or state == UNDONE and stateAt(of, position) == '0'
end
`;
