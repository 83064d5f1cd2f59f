/** Batches: staging, commit, undo. Commit and undo cost as much as the batch has expiries. */

const DROP = `
local function drop(of)
  of.state = DROPPED
  setPool('staged', 0)
  laterAdd(CHORES, text(of.sequence), text(of.sequence))
end
`;

export const BEGIN = `${DROP}
-- ARGV: batch, version, now, lease until.
if not readPool() then
  return { 'stale', '' }
end
if pool.version ~= tonumber(ARGV[2]) then
  return { 'stale', call('HGET', POOL, 'document') }
end
local id, now, leaseUntil = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local known = batchNamed(id)
if known then
  if known.state ~= STAGED then
    return { 'ended' }
  end
  known.lease = leaseUntil
else
  if pool.staged > 0 then
    local staged = batch(pool.staged)
    if now < staged.lease then
      return { 'busy', text(staged.lease), staged.id }
    end
    drop(staged)
  end
  local sequence = pool.batches + 1
  local made = { sequence = sequence, note = 'null', id = id }
  for _, name in ipairs(BATCH_FIELDS) do
    made[name] = 0
  end
  made.lease, made.at, made.firstLot = leaseUntil, now, pool.lots + 1
  batchBySequence[sequence] = made
  set(batchesView, '#' .. id, text(sequence))
  setPool('batches', sequence)
  setPool('staged', sequence)
end
writeStock()
return { 'begun' }
`;

export const ADD_BLOCK = `
-- ARGV: batch, block's number, lease until, how many runs; then each run's expiry and count; then each code, with its
-- equality key behind '\\r' where that is another text.
if not readPool() then
  return { 'ended' }
end
local staged = batchNamed(ARGV[1])
if not staged or staged.state ~= STAGED then
  return { 'ended' }
end
local number, runs = tonumber(ARGV[2]), tonumber(ARGV[4])
local firstCode = 5 + 2 * runs
staged.lease = tonumber(ARGV[3])
local answerField = 'a' .. text(staged.sequence) .. ':' .. text(number)
if number < staged.blocks then
  writeStock()
  return { 'added', get(batchesView, answerField) or '' }
end

measureBuckets()
growBuckets(#ARGV - firstCode + 1)
local prints, fields = printsOf(firstCode)

local function lotOf(expiresAt)
  local field = 'x' .. text(staged.sequence) .. ':' .. text(expiresAt)
  local known = get(lotsView, field)
  if known then
    return lot(tonumber(known))
  end
  local made = { number = pool.lots + 1 }
  if made.number >= MOST_LOTS then
    error('The pool has as many lots as it can have.')
  end
  for _, name in ipairs(LOT_FIELDS) do
    made[name] = 0
  end
  made.batch, made.expiresAt = staged.sequence, expiresAt
  lotByNumber[made.number] = made
  set(lotsView, field, text(made.number))
  setPool('lots', made.number)
  staged.lots = staged.lots + 1
  return made
end

local seen, duplicates = {}, {}
local at, added = firstCode, 0
for run = 0, runs - 1 do
  local of = lotOf(tonumber(ARGV[5 + 2 * run]))
  for i = at, at + tonumber(ARGV[6 + 2 * run]) - 1 do
    local line = ARGV[i]
    local separator = find(line, '\\r', 1, true)
    local key = separator and sub(line, separator + 1) or line
    local index = i - firstCode + 1
    if seen[key] or findKey(key, prints[index], fields[index]) then
      duplicates[#duplicates + 1] = text(index - 1)
    else
      seen[key] = true
      local field = pageField(of, of.next)
      page(codePages, field)[of.next % CODES_A_PAGE + 1] = line
      codePages.changed[field] = true
      addKey(prints[index], fields[index], of, of.next)
      of.next = of.next + 1
      added = added + 1
    end
    at = i + 1
  end
end
setPool('entries', pool.entries + added)
staged.added = staged.added + added
staged.blocks = number + 1
local answer = table.concat(duplicates, ',')
if answer ~= '' then
  set(batchesView, answerField, answer)
end
writeStock()
return { 'added', answer }
`;

export const COMMIT = `
-- ARGV: batch, note, now.
if not readPool() then
  return { 'ended' }
end
local known = batchNamed(ARGV[1])
if not known or known.state ~= STAGED and known.state ~= COMMITTED then
  return { 'ended' }
end
if known.state == STAGED then
  known.state, known.note, known.at = COMMITTED, ARGV[2], tonumber(ARGV[3])
  setPool('staged', 0)
  setPool('added', pool.added + known.added)
  laterAdd(CHORES, text(known.sequence), text(known.sequence))
  for number = known.firstLot, known.firstLot + known.lots - 1 do
    local of = lot(number)
    if of.next > 0 then
      of.free = of.next
      local sum = sumOf(of.expiresAt)
      sum.added = sum.added + of.next
      open(of)
    end
    set(lotsView, 'x' .. text(known.sequence) .. ':' .. text(of.expiresAt), false)
  end
  writeStock()
end
return { 'committed', text(known.added) }
`;

export const DROP_BATCH = `${DROP}
-- ARGV: batch.
if not readPool() then
  return
end
local known = batchNamed(ARGV[1])
if known and known.state == STAGED then
  drop(known)
  writeStock()
end
`;

export const UNDO = `
-- ARGV: batch. Answers removed and kept, or nothing.
if not readPool() then
  return
end
local known = batchNamed(ARGV[1])
if not known or known.state ~= COMMITTED and known.state ~= UNDONE then
  return
end
if known.state == COMMITTED then
  local removed = 0
  for number = known.firstLot, known.firstLot + known.lots - 1 do
    local of = lot(number)
    if of.free > 0 then
      local sum = sumOf(of.expiresAt)
      sum.undone = sum.undone + of.free
      removed = removed + of.free
      of.undone = of.undone + of.free
      of.free = 0
      shut(of)
    end
  end
  known.state, known.removed, known.kept = UNDONE, removed, known.assigned
  known.undone = known.undone + removed
  laterAdd(CHORES, text(known.sequence), text(known.sequence))
  setPool('added', pool.added - removed)
  writeStock()
end
return { text(known.removed), text(known.kept) }
`;

export const CONTAINS = `
-- ARGV: equality keys. Answers a 0 or 1 for each.
if not readPool() then
  return ''
end
measureBuckets()
local prints, fields = printsOf(1)
local bits = {}
for i, key in ipairs(ARGV) do
  bits[i] = findCommitted(key, prints[i], fields[i]) and '1' or '0'
end
return table.concat(bits)
`;

export const BATCHES = `
-- ARGV: the sequence number to start before, how many. Answers, for each batch, its sequence number, state, note, added,
-- undone, assigned, instant and id.
local rows = {}
if not readPool() then
  return rows
end
local sequence = math.min(tonumber(ARGV[1]) - 1, pool.batches)
while sequence > 0 and #rows < 8 * tonumber(ARGV[2]) do
  local of = batch(sequence)
  if of.state ~= DROPPED then
    for _, part in ipairs({ text(sequence), text(of.state), of.note, text(of.added), text(of.undone), text(of.assigned), text(of.at), of.id }) do
      rows[#rows + 1] = part
    end
  end
  sequence = sequence - 1
end
return rows
`;

export const SWEEP = `${DROP}
-- ARGV: now, the start of the day before whose start hours are rolled up, a day's length, how many positions to look at.
-- Answers whether there is more.
if not readPool() then
  return 0
end
measureBuckets()
local now, today, day, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if pool.staged > 0 and batch(pool.staged).lease <= now then
  drop(batch(pool.staged))
end

local usage = call('HGETALL', USAGE)
for i = 1, #usage, 2 do
  local hour = tonumber(usage[i])
  if hour < today and hour % day ~= 0 then
    later('HINCRBY', USAGE, text(hour - hour % day), usage[i + 1])
    later('HDEL', USAGE, usage[i])
  end
end

-- Removes what is left of a lot's codes that have left the pool; answers whether that is done.
local function clear(of)
  local last = math.min(of.next, of.swept + most)
  for position = of.swept, last - 1 do
    local _, key = codeAt(of, position)
    if key and isDead(of, position) then
      removeKey(key, of, position)
      clearCode(of, position)
      laterRemove(RETURNED, placeOf(of, position))
    end
    local isLastOfPage = position % CODES_A_PAGE == CODES_A_PAGE - 1 or position == of.next - 1
    if isLastOfPage and isBlank(page(codePages, pageField(of, position))) then
      set(statePages.hash, pageField(of, position), false)
    end
  end
  most = most - (last - of.swept)
  of.swept = last
  return of.swept == of.next
end

-- One batch; the answers to its blocks first, then the codes of its lots.
local sequence = tonumber(call('ZRANGE', CHORES, 0, 0)[1])
if not sequence then
  writeStock()
  return 0
end
local of = batch(sequence)
local lastBlock = math.min(of.cleared + most, of.blocks)
for number = of.cleared, lastBlock - 1 do
  set(batchesView, 'a' .. text(sequence) .. ':' .. text(number), false)
end
most = most - (lastBlock - of.cleared)
of.cleared = lastBlock
local isDone = of.cleared == of.blocks
if of.state ~= COMMITTED then
  for number = of.firstLot, of.firstLot + of.lots - 1 do
    local ofBatch = lot(number)
    if ofBatch.swept < ofBatch.next then
      isDone = most > 0 and clear(ofBatch) and isDone
    end
    if of.state == DROPPED and most > 0 then
      set(lotsView, 'x' .. text(sequence) .. ':' .. text(ofBatch.expiresAt), false)
    end
  end
end
if isDone then
  laterRemove(CHORES, text(sequence))
end
writeStock()
return 1
`;
