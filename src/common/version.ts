/** The broker's version: package.json's, which a test compares. */
export const VERSION = "0.1.0";
