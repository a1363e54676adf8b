// 64-bit integers as JavaScript numbers. Offsets, timestamps and producer ids fit 2^53; whatever does not is refused here, so that no
// rounded number gets any further.

const TWO_32 = 0x1_0000_0000;
const MAX_HIGH = 0x1f_ffff;
const MIN_HIGH = -0x20_0000;

/** Reads an int64. @throws RangeError if a number cannot hold it exactly */
export function readInt64(view: DataView, position: number, littleEndian = false): number {
  const high = view.getInt32(littleEndian ? position + 4 : position, littleEndian);
  const low = view.getUint32(littleEndian ? position : position + 4, littleEndian);
  if (high > MAX_HIGH || high < MIN_HIGH || (high === MIN_HIGH && low === 0)) throw new RangeError("an int64 is beyond 2^53 - 1");
  return high * TWO_32 + low;
}

/** Writes an int64. @throws RangeError unless `value` is a safe integer */
export function writeInt64(view: DataView, position: number, value: number, littleEndian = false): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer within 2^53 - 1`);
  view.setInt32(littleEndian ? position + 4 : position, highWord(value), littleEndian);
  view.setUint32(littleEndian ? position : position + 4, lowWord(value), littleEndian);
}

/** The low 32 bits of a safe integer. */
export function lowWord(value: number): number {
  return value >>> 0;
}

/** The high 32 bits of a safe integer, signed. */
export function highWord(value: number): number {
  return Math.floor(value / TWO_32);
}
