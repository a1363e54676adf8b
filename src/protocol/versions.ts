// Version ranges as the message tables write them: "3" (that one), "3-8", "3+" (from there on), "none".

/** Versions from `first` to `last`, both included. */
export interface VersionRange {
  readonly first: number;
  readonly last: number;
}

const NO_VERSIONS: VersionRange = { first: 0, last: -1 };

/** @throws RangeError if `text` is not a range */
export function parseVersions(text: string): VersionRange {
  if (text === "none") return NO_VERSIONS;
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a range of versions`);
  const first = Number(match[1]);
  if (match[2] !== undefined) return { first, last: Number.POSITIVE_INFINITY };
  return { first, last: match[3] === undefined ? first : Number(match[3]) };
}

export function hasVersion(range: VersionRange, version: number): boolean {
  return version >= range.first && version <= range.last;
}
