// Units of the sizes (bytes) in the limits beside this file. Every limit of the project is in one of them, by area, with its reason; times
// are milliseconds. What must hold between two limits is asserted where the second one stands.

export const KIB = 1024;
export const MIB = 1024 * KIB;
