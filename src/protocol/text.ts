// UTF-8, with a short cut for what nearly all strings of the protocol are: a few dozen ASCII characters, for which a call into the
// runtime's coders costs more than the work. As in Kafka, malformed UTF-8 reads as U+FFFD and a byte order mark is a character.

/** Above this many bytes the runtime's decoder is faster than a loop. */
const SHORT_BYTES = 48;

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text in `bytes[start]` to `bytes[end - 1]`. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_BYTES && isAscii(bytes, start, end)) return decodeAscii(bytes, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let union = 0;
  for (let i = start; i < end; i++) union |= bytes[i]!;
  return union < 0x80;
}

function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let i = start;
  for (; i + 4 <= end; i += 4) text += String.fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** How many bytes `text` takes as UTF-8. A surrogate without its other half takes three, those of U+FFFD. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) i++;
  }
  return bytes;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** Writes `text`, whose UTF-8 is `byteLength` bytes long, at `position`, where there is room for it. */
export function writeText(bytes: Uint8Array, position: number, text: string, byteLength: number): void {
  if (byteLength === text.length && byteLength <= SHORT_BYTES) {
    for (let i = 0; i < byteLength; i++) bytes[position + i] = text.charCodeAt(i);
  } else {
    encoder.encodeInto(text, bytes.subarray(position, position + byteLength));
  }
}
