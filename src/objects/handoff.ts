// Bytes that need not travel. Where a caller and an object run in one isolate, as they do in plain workerd, an RPC call copies what it
// carries four times all the same, which was a third of the server's time for a read. So a caller opens a slot, and names it in its call:
//
//   a read    An object that finds the slot in its own isolate puts the bytes of its answer there, and answers without them; any other
//             knows no such slot, and sends them.
//   a write   An object that finds the slot is known from then on to be near, and gets what is written through the slot. Should it have
//             moved meanwhile, it finds no slot, does nothing and says so, and is sent the bytes.
//
// Invariants:
// - The caller takes bytes once it has the answer, never before: whatever holds the answer back (the output gate, until what it tells of is
//   durable) holds the bytes back too.
// - Bytes have one owner: nobody writes to those of an answer, which the object may have in its cache, and what was given to be written is
//   the object's, which sets offsets in it.
// - A slot lives as long as its caller's wait: the caller looks at it afterwards, which keeps it from being collected. A request that is
//   cut off leaves no bytes behind, only its name, until it is swept.

interface Slot {
  /** Of the answer. */
  bytes: ArrayBuffer | null;
  /** To be written. */
  readonly lent: unknown;
  isFound: boolean;
}

/** Names left behind are swept when there are so many. */
const SWEEP_AT = 1_000;

/** Objects that are known to be near; they are found again. */
const MAX_NEAR = 10_000;

const NO_BYTES = new ArrayBuffer(0);

/** By name. Of this isolate. */
const slots = new Map<string, WeakRef<Slot>>();

/** Names of objects. */
const near = new Set<string>();

/** Of the isolate, made with its first slot: there is no randomness before the first request. */
let isolateName: string | null = null;
let slotCount = 0;

/**
 * Calls an object that answers with bytes.
 * @returns the answer with its bytes, whichever way they came
 */
export async function withHandoff<Answer extends object>(call: (slotName: string) => Promise<Answer>): Promise<Answer> {
  const slot = newSlot();
  const answer = await inSlot(slot, call);
  return slot.bytes === null ? answer : { ...answer, batches: slot.bytes };
}

/**
 * Calls an object with what it is to write.
 * @param call gets null where the object finds it in the slot, and answers null where the object did not
 */
export async function withLoan<Loan, Answer>(
  objectName: string,
  loan: Loan,
  call: (loan: Loan | null, slotName: string) => Promise<Answer | null>,
): Promise<Answer> {
  if (near.has(objectName)) {
    const slot = newSlot(loan);
    const answer = await inSlot(slot, (slotName) => call(null, slotName));
    if (!slot.isFound) near.delete(objectName);
    if (answer !== null) return answer;
  }
  const slot = newSlot();
  const answer = await inSlot(slot, (slotName) => call(loan, slotName));
  if (answer === null) throw new Error(`${objectName} was sent what it is to write, and misses it`);
  if (slot.isFound) noteNear(objectName);
  return answer;
}

/** Puts the bytes of an answer into the caller's slot, where that is in this isolate. @returns the answer as it is to be sent */
export function handOver<Answer extends object>(answer: Answer, slotName: string): Answer {
  const slot = slots.get(slotName)?.deref();
  if (slot === undefined || !("batches" in answer)) return answer;
  slot.bytes = answer.batches as ArrayBuffer;
  return { ...answer, batches: NO_BYTES };
}

/** What the caller wants written: sent, or in its slot. null: in the slot of another isolate. */
export function takeLoan<Loan>(sent: Loan | null, slotName: string): Loan | null {
  const slot = slots.get(slotName)?.deref();
  if (slot !== undefined) slot.isFound = true;
  return sent ?? ((slot?.lent ?? null) as Loan | null);
}

function newSlot(lent: unknown = null): Slot {
  return { bytes: null, lent, isFound: false };
}

async function inSlot<Answer>(slot: Slot, call: (slotName: string) => Promise<Answer>): Promise<Answer> {
  isolateName ??= crypto.randomUUID();
  const name = `${isolateName} ${slotCount++}`;
  if (slots.size >= SWEEP_AT) sweep();
  slots.set(name, new WeakRef(slot));
  try {
    return await call(name);
  } finally {
    slots.delete(name);
  }
}

function noteNear(objectName: string): void {
  if (near.size >= MAX_NEAR) near.clear();
  near.add(objectName);
}

function sweep(): void {
  for (const [name, slot] of slots) if (slot.deref() === undefined) slots.delete(name);
}
