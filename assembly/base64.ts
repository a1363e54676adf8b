// Base64 (RFC 4648, section 4), with padding.

/** A to Z, a to z, 0 to 9, + and /. */
const ALPHABET: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104,
  105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);

const PADDING: u8 = 0x3d;

/** Characters for so many bytes. */
export function base64Length(length: u32): u32 {
  return ((length + 2) / 3) * 4;
}

/** Writes base64Length(length) characters. */
export function base64Encode(source: usize, length: u32, destination: usize): void {
  const end = source + <usize>length;
  let write = destination;
  for (; source + 3 <= end; source += 3, write += 4) {
    const bits = (<u32>load<u8>(source) << 16) | (<u32>load<u8>(source, 1) << 8) | <u32>load<u8>(source, 2);
    store<u8>(write, character(bits >> 18));
    store<u8>(write, character(bits >> 12), 1);
    store<u8>(write, character(bits >> 6), 2);
    store<u8>(write, character(bits), 3);
  }
  const left = <u32>(end - source);
  if (left == 0) return;
  const bits = (<u32>load<u8>(source) << 16) | (left == 2 ? <u32>load<u8>(source, 1) << 8 : 0);
  store<u8>(write, character(bits >> 18));
  store<u8>(write, character(bits >> 12), 1);
  store<u8>(write, left == 2 ? character(bits >> 6) : PADDING, 2);
  store<u8>(write, PADDING, 3);
}

// @ts-ignore: decorator
@inline
function character(sixBits: u32): u8 {
  return load<u8>(ALPHABET + <usize>(sixBits & 63));
}
