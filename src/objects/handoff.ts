// Bytes of an answer that need not travel. Where a caller and an object run in one isolate, as they do in plain workerd, an RPC call
// copies what it carries four times all the same, which was a third of the server's time for a read. So a caller opens a slot, and names
// it in its call. An object that finds the slot in its own isolate puts the bytes there and answers without them; any other knows no such
// slot, and sends them.
//
// Invariants:
// - The caller takes the bytes once it has the answer, never before: whatever holds the answer back (the output gate, until what it tells
//   of is durable) holds the bytes back too.
// - Handed bytes are the object's own, in its cache too: nobody writes to them.
// - A slot lives as long as its caller's wait. A request that is cut off leaves no bytes behind, only its name, until it is swept.

interface Slot {
  bytes: ArrayBuffer | null;
}

/** Names left behind are swept when there are so many. */
const SWEEP_AT = 1_000;

const NO_BYTES = new ArrayBuffer(0);

/** By name. Of this isolate. */
const slots = new Map<string, WeakRef<Slot>>();

/** Of the isolate, made with its first slot: there is no randomness before the first request. */
let isolateName: string | null = null;
let slotCount = 0;

/**
 * Calls an object with the name of a slot for its answer's bytes.
 * @returns the answer with its bytes, whichever way they came
 */
export async function withHandoff<Answer extends object>(call: (slotName: string) => Promise<Answer>): Promise<Answer> {
  isolateName ??= crypto.randomUUID();
  const name = `${isolateName} ${slotCount++}`;
  const slot: Slot = { bytes: null };
  if (slots.size >= SWEEP_AT) sweep();
  slots.set(name, new WeakRef(slot));
  try {
    const answer = await call(name);
    return slot.bytes === null ? answer : { ...answer, batches: slot.bytes };
  } finally {
    slots.delete(name);
  }
}

/** Puts the bytes of an answer into the caller's slot, where that is in this isolate. @returns the answer as it is to be sent */
export function handOver<Answer extends object>(answer: Answer, slotName: string): Answer {
  const slot = slots.get(slotName)?.deref();
  if (slot === undefined || !("batches" in answer)) return answer;
  slot.bytes = answer.batches as ArrayBuffer;
  return { ...answer, batches: NO_BYTES };
}

function sweep(): void {
  for (const [name, slot] of slots) if (slot.deref() === undefined) slots.delete(name);
}
