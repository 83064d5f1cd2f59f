/** Releases: uses are taken back, and a draw's code is freed with its last one. */

export const RELEASE = `
-- ARGV: for each item its use, the draw's number, and its answers or ''. Answers a word an item.
if not readPool() then
  return {}
end
measureBuckets()
local outcomes = {}

-- Gives a draw's code back to its lot; a code of an undone batch leaves the pool instead.
local function free(of, position)
  local sum, from = sumOf(of.expiresAt), batch(of.batch)
  of.assigned = of.assigned - 1
  sum.assigned = sum.assigned - 1
  from.assigned = from.assigned - 1
  setState(of, position, '0')
  if from.state == UNDONE then
    of.undone = of.undone + 1
    sum.undone = sum.undone + 1
    from.undone = from.undone + 1
    setPool('added', pool.added - 1)
    local _, key = codeAt(of, position)
    removeKey(key, of, position)
    clearCode(of, position)
    return
  end
  of.free = of.free + 1
  if of.free == 1 then
    open(of)
  end
  local place = placeOf(of, position)
  laterAdd(RETURNED, place, place)
end

local function release(use, number, answers)
  local value = get(usesView, use)
  if not value then
    return 'unknown-use'
  end
  local id, last = match(value, '^(%d+) ?(%d*)$')
  local row = rowOf(tonumber(id))
  if row.number ~= number then
    return 'other-number'
  end
  if answers and (tonumber(last) or 1) ~= answers then
    return 'answered-since'
  end
  if get(drawsView, 'r' .. text(number)) then
    return 'redeemed'
  end
  set(usesView, use, false)
  setRow(row.id, '')
  if row.contact then
    unpost('c' .. row.contact, id)
    unpost('m' .. row.message, id)
  end
  local draw = row.shared and sharedDraw(number)
  if draw then
    draw.uses = draw.uses - 1
    draw.changed = true
    if draw.uses > 0 then
      unpost('d' .. text(number), id)
      return 'kept'
    end
    unpostAll('d' .. text(number))
    -- Under until-expired the holder may have moved on to another code.
    if draw.holder ~= '' and get(drawsView, 'h' .. draw.holder) == text(number) then
      set(drawsView, 'h' .. draw.holder, false)
    end
  end
  free(lot(row.lot), row.position)
  return 'freed'
end

for i = 1, #ARGV, 3 do
  outcomes[#outcomes + 1] = release(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]))
end
writeDraws()
writeStock()
return outcomes
`;
