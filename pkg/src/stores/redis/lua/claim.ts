/** The claim: its cost is that of its items. */

export const CLAIM = `
-- ARGV: version, now, reuse, the pool's expiry, minValidity, hour, now in base 36, how many items, which fall back (0 and
-- 1), one message for all or '', how many holders; then each item's use, its row's texts, its contact, its message (if
-- there is not one for all), its holder (if there are any; '' for none).
if not readPool() then
  return { 'stale', '' }
end
local version, now, reuse, poolExpiry, minValidity = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if pool.version ~= version then
  return { 'stale', call('HGET', POOL, 'document') }
end
local hour, at, count, fallsBack, oneMessage, holderCount = ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10], tonumber(ARGV[11])
local firstUse = 11
local firstText = firstUse + count
local firstContact = firstText + count
local firstMessage = firstContact + count
local firstHolder = firstMessage + (oneMessage == '' and count or 0)
local after = now + minValidity

local known = count > 0 and call('HMGET', USES, unpack(ARGV, firstUse + 1, firstUse + count)) or {}
local contactFields, holderFields = {}, {}
for i = 1, count do
  if not known[i] then
    contactFields[#contactFields + 1] = 'c' .. ARGV[firstContact + i]
    if holderCount > 0 then
      holderFields[#holderFields + 1] = 'h' .. ARGV[firstHolder + i]
    end
  end
end
fetch(postingsView, contactFields)
fetch(drawsView, holderFields)

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

local supply, returned, returnedAt
local function openSupply()
  supply = nextLot()
  returned, returnedAt = {}, 1
  if not supply then
    return
  end
  local ahead = supply.next - supply.cursor - supply.ahead
  if supply.free > ahead then
    local from = supply.number * POSITIONS
    returned = call('ZRANGEBYSCORE', RETURNED, text(from), text(from + POSITIONS - 1), 'LIMIT', 0, count)
  end
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
    later('ZREM', RETURNED, member)
  else
    while of.ahead > 0 and call('ZSCORE', VOIDS, placeOf(of, of.cursor)) do
      setState(of, of.cursor, '-')
      later('ZREM', VOIDS, placeOf(of, of.cursor))
      of.ahead = of.ahead - 1
      of.cursor = of.cursor + 1
    end
    position = of.cursor
    if position >= of.next then
      error('The counts of lot ' .. of.number .. ' are wrong.')
    end
    of.cursor = position + 1
  end
  setState(of, position, number)
  of.free = of.free - 1
  of.assigned = of.assigned + 1
  local sum, from = sumOf(of.expiresAt), batch(of.batch)
  sum.assigned = sum.assigned + 1
  from.assigned = from.assigned + 1
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

-- Uses of one message in a row are one entry of its list.
local messageField, messageFirst, messageLast
local function endMessage()
  if messageField then
    post(messageField, messageFirst, messageLast)
  end
end

local draws, uses, drawsBefore, fellBack = pool.draws, pool.uses, pool.draws, 0
for i = 1, count do
  local value = known[i]
  if value then
    local id, answers = match(value, '^(%d+) ?(%d*)$')
    local row = rowOf(tonumber(id))
    local of = lot(row.lot)
    if row.shared then
      local draw = sharedDraw(row.number)
      draw.answers = draw.answers + 1
      draw.changed = true
      answers = draw.answers
    else
      answers = (tonumber(answers) or 1) + 1
    end
    set(usesView, ARGV[firstUse + i], id .. ' ' .. text(answers))
    answer(of, row.position, row.number, answers, 'r')
  else
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
    if draw then
      of, position = lot(draw.lot), draw.position
    elseif reason == 'E' then
      of, position = take(text(draws + 1))
      fresh = of
    end
    if not of then
      endRun()
      lines[#lines + 1] = reason
      if sub(fallsBack, i, i) == '1' then
        fellBack = fellBack + 1
      end
    else
      uses = uses + 1
      local id = text(uses)
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
      local answers = 1
      if draw then
        draw.uses = draw.uses + 1
        draw.answers = draw.answers + 1
        draw.changed = true
        answers = draw.answers
        post('d' .. text(draw.number), uses, uses)
      end
      set(usesView, ARGV[firstUse + i], answers == 1 and id or id .. ' ' .. text(answers))
      setRow(uses, rowText(draw and text(draw.number) or '', of, position, drawnAt, ARGV[firstText + i]))
      post('c' .. ARGV[firstContact + i], uses, uses)
      local message = 'm' .. (oneMessage ~= '' and oneMessage or ARGV[firstMessage + i])
      if message == messageField then
        messageLast = uses
      else
        endMessage()
        messageField, messageFirst, messageLast = message, uses, uses
      end
      answer(of, position, draw and draw.number or draws, answers, fresh and 'f' or 's')
    end
  end
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
