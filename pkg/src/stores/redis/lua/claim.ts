/** The claim: its cost is that of its items. */

export const CLAIM = `
-- ARGV: version, now, reuse, the pool's expiry, minValidity, hour, now in base 36, how many items, which fall back (0 and
-- 1), message and slot if all items have the same, how many holders; then each item's use, its contact, its message and
-- slot (if they are not the same for all), its holder (if there are any; '' for none).
if not readPool() then
  return { 'stale', '' }
end
local version, now, reuse, poolExpiry, minValidity = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if pool.version ~= version then
  return { 'stale', call('HGET', POOL, 'document') }
end
local hour, at, count, fallsBack, sameEnd, holderCount = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10], tonumber(ARGV[11])
local firstUse = 11
local firstContact = firstUse + count
local firstEnd = firstContact + count
local firstHolder = firstEnd + (sameEnd == '' and count or 0)
local after = now + minValidity

local known = count > 0 and call('HMGET', USES, unpack(ARGV, firstUse + 1, firstUse + count)) or {}
-- What new uses will look at, read at once.
local contactFields, sought, holders = {}, {}, {}
for i = 1, count do
  if not known[i] then
    contactFields[i] = 'c' .. ARGV[firstContact + i]
    sought[#sought + 1] = contactFields[i]
    if sameEnd == '' then
      sought[#sought + 1] = 'm' .. match(ARGV[firstEnd + i], '^[^\\t]*')
    end
    if holderCount > 0 then
      holders[#holders + 1] = 'h' .. ARGV[firstHolder + i]
    end
  end
end
fetch(postingsView, sought)
fetch(drawsView, holders)

-- The lots that this claim has emptied stay in the open ones until it is written.
local emptied = { dated = 0, undated = 0 }
local function nextLot()
  local dated = call('ZRANGEBYSCORE', OPEN, '(' .. text(after), '(' .. text(NEVER), 'LIMIT', emptied.dated, 1)[1]
  dated = dated and lot(tonumber(dated))
  local undated = poolExpiry > after and call('ZRANGEBYSCORE', OPEN, text(NEVER), text(NEVER), 'LIMIT', emptied.undated, 1)[1]
  undated = undated and lot(tonumber(undated))
  if not dated or not undated then
    return dated or undated or nil
  end
  if dated.expiresAt ~= poolExpiry then
    return dated.expiresAt < poolExpiry and dated or undated
  end
  return dated.batch <= undated.batch and dated or undated
end

local supply, supplySum, supplyBatch, returned, returnedAt
local function openSupply()
  supply = nextLot()
  returned, returnedAt = {}, 1
  if not supply then
    return
  end
  supplySum, supplyBatch = sumOf(supply.expiresAt), batch(supply.batch)
  local ahead = supply.next - supply.cursor - supply.ahead
  if supply.free > ahead then
    local from = supply.number * POSITIONS
    returned = call('ZRANGEBYSCORE', RETURNED, text(from), text(from + POSITIONS - 1), 'LIMIT', 0, count)
  end
end

-- The states at the claim's place in a lot: most codes of a claim come from one page.
local statesOf, statesBlock, states
local function holdState(of, position, state)
  local block = floor(position / CODES_A_PAGE)
  if of ~= statesOf or block ~= statesBlock then
    local field = pageField(of, position)
    statesOf, statesBlock, states = of, block, page(statePages, field)
    statePages.changed[field] = true
  end
  states[position % CODES_A_PAGE + 1] = state
end

-- Takes the next code for the draw with this number: its lot and position.
local function take(number)
  if not supply then
    openSupply()
    if not supply then
      return nil
    end
  end
  local of = supply
  local position
  local member = returned[returnedAt]
  if member then
    returnedAt = returnedAt + 1
    position = tonumber(member) - of.number * POSITIONS
    laterRemove(RETURNED, member)
  else
    while of.ahead > 0 and call('ZSCORE', VOIDS, placeOf(of, of.cursor)) do
      holdState(of, of.cursor, '-')
      laterRemove(VOIDS, placeOf(of, of.cursor))
      of.ahead = of.ahead - 1
      of.cursor = of.cursor + 1
    end
    position = of.cursor
    if position >= of.next then
      error('The counts of lot ' .. of.number .. ' are wrong.')
    end
    of.cursor = position + 1
  end
  holdState(of, position, number)
  of.free = of.free - 1
  of.assigned = of.assigned + 1
  supplySum.assigned = supplySum.assigned + 1
  supplyBatch.assigned = supplyBatch.assigned + 1
  if of.free == 0 then
    shut(of)
    local kind = of.expiresAt == NEVER and 'undated' or 'dated'
    emptied[kind] = emptied[kind] + 1
    supply = nil
  end
  return of, position
end

-- What is answered: a line an item, a run of fresh codes in one line, and the codes as they are stored.
local lines, codes = {}, {}
local run
local function endRun()
  if not run then
    return
  end
  local last = run.position + run.count - 1
  local raw = {}
  for block = floor(run.position / CODES_A_PAGE), floor(last / CODES_A_PAGE) do
    raw[#raw + 1] = get(codePages.hash, run.of.number .. ':' .. block)
  end
  lines[#lines + 1] = 'F ' .. text(run.number) .. ' ' .. run.count .. ' ' .. run.position % CODES_A_PAGE .. ' ' .. text(run.of.expiresAt)
  codes[#codes + 1] = table.concat(raw, '\\n')
  run = nil
end

local function answer(of, position, number, answers, flags)
  if flags == 'f' then
    if run and run.of == of and run.position + run.count == position then
      run.count = run.count + 1
    else
      endRun()
      run = { of = of, position = position, number = number, count = 1 }
    end
    return
  end
  endRun()
  lines[#lines + 1] = flags .. ' ' .. text(number) .. ' ' .. text(answers) .. ' ' .. text(of.expiresAt)
  codes[#codes + 1] = codeAt(of, position)
end

-- Uses of one message and slot in a row are one entry of the message's list.
local messageTexts, messageField, messageFirst, messageLast
local function endMessage()
  if messageField then
    post(messageField, messageFirst, messageLast)
  end
end

-- New uses' rows, page by page.
local rowsBlock, rows
local function addRow(id, row)
  local block = floor((id - 1) / ROWS_A_PAGE)
  if block ~= rowsBlock then
    local field = text(block)
    rowsBlock, rows = block, page(rowPages, field)
    rowPages.changed[field] = true
    for i = #rows + 1, (id - 1) % ROWS_A_PAGE do
      rows[i] = ''
    end
  end
  rows[(id - 1) % ROWS_A_PAGE + 1] = row
end

-- No use stands twice in a claim, so their records go straight to the end.
local records, recordCount = {}, 0
local function record(use, value)
  records[recordCount + 1], records[recordCount + 2] = use, value
  recordCount = recordCount + 2
end

local function answerAgain(i, value)
  local id, last = match(value, '^(%d+) ?(%d*)$')
  local shared, number, position = match(rowLine(tonumber(id)), '^(%d*)~(%d+):(%d+)')
  local answers = (tonumber(last) or 1) + 1
  if shared ~= '' then
    local draw = sharedDraw(tonumber(shared))
    draw.answers = draw.answers + 1
    draw.changed = true
    answers = draw.answers
  end
  record(ARGV[firstUse + i], id .. ' ' .. text(answers))
  answer(lot(tonumber(number)), tonumber(position), tonumber(shared) or tonumber(id), answers, 'r')
end

local draws, uses, drawsBefore, fellBack = pool.draws, pool.uses, pool.draws, 0
local postings, postingsChanged = postingsView.seen, postingsView.changed

local function answerNew(i)
  local holder = holderCount > 0 and ARGV[firstHolder + i] or ''
  local current = holder ~= '' and get(drawsView, 'h' .. holder)
  local draw = current and sharedDraw(tonumber(current))
  local reason = 'E'
  if draw then
    local expiresAt = lot(draw.lot).expiresAt
    if expiresAt == NEVER then
      expiresAt = poolExpiry
    end
    if now >= expiresAt then
      draw = nil
      if reuse == 'per-contact' then
        reason = 'X'
      end
    end
  end
  local of, position, fresh
  local id = text(uses + 1)
  if draw then
    of, position = lot(draw.lot), draw.position
  elseif reason == 'E' then
    of, position = take(draws == uses and id or text(draws + 1))
    fresh = of
  end
  if not of then
    endRun()
    lines[#lines + 1] = reason
    if sub(fallsBack, i, i) == '1' then
      fellBack = fellBack + 1
    end
    return
  end
  uses = uses + 1
  local drawnAt = at
  if fresh then
    draws = draws + 1
    if holder ~= '' or draws ~= uses then
      draw = { number = draws, lot = of.number, position = position, at = at, uses = 0, answers = 0, holder = holder }
      sharedDraws[draws] = draw
      if holder ~= '' then
        set(drawsView, 'h' .. holder, text(draws))
      end
    end
  else
    drawnAt = draw.at
  end
  local answers, shared = 1, ''
  if draw then
    draw.uses = draw.uses + 1
    draw.answers = draw.answers + 1
    draw.changed = true
    answers, shared = draw.answers, text(draw.number)
    post('d' .. shared, uses, uses)
  end
  record(ARGV[firstUse + i], answers == 1 and id or id .. ' ' .. text(answers))
  local texts = sameEnd ~= '' and sameEnd or ARGV[firstEnd + i]
  addRow(uses, shared .. '~' .. of.number .. ':' .. position .. ':' .. drawnAt .. '\\t' .. ARGV[firstContact + i] .. '\\t' .. texts)
  local contact = contactFields[i]
  if postings[contact] then
    post(contact, uses, uses)
  else
    postings[contact] = id
    postingsChanged[contact] = true
  end
  if texts == messageTexts then
    messageLast = uses
  else
    endMessage()
    messageTexts, messageField, messageFirst, messageLast = texts, 'm' .. match(texts, '^[^\\t]*'), uses, uses
  end
  answer(of, position, draw and draw.number or draws, answers, fresh and 'f' or 's')
end

for i = 1, count do
  local value = known[i]
  if value then
    answerAgain(i, value)
  else
    answerNew(i)
  end
end
for first = 1, recordCount, 4000 do
  later('HSET', USES, unpack(records, first, math.min(first + 3999, recordCount)))
end
endRun()
endMessage()

if draws > drawsBefore then
  setPool('draws', draws)
  later('HINCRBY', USAGE, hour, draws - drawsBefore)
end
if uses > pool.uses then
  setPool('uses', uses)
end
if fellBack > 0 then
  setPool('fellBack', pool.fellBack + fellBack)
end

-- Free codes that are valid for long enough, over all expiries.
local remaining = 0
local sums = call('HGETALL', SUMS)
for i = 1, #sums, 2 do
  local expiresAt = tonumber(sums[i])
  local until_ = expiresAt == NEVER and poolExpiry or expiresAt
  if after < until_ then
    local sum = sumByExpiry[expiresAt]
    if not sum then
      local added, undone, assigned, void = match(sums[i + 1], '^(%d+) (%d+) (%d+) (%d+)$')
      sum = { added = added, undone = undone, assigned = assigned, void = void }
    end
    remaining = remaining + sum.added - sum.undone - sum.assigned - sum.void
  end
end

writeDraws()
writeStock()
local alerts = call('HMGET', POOL, 'alertsRevision', 'alerts')
return { 'claimed', text(remaining), text(pool.added), alerts[1] or '', alerts[2] or '', table.concat(lines, '\\n'), unpack(codes) }
`;
