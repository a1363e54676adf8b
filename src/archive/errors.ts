// What can go wrong, in R2's terms: the code that R2 has for it (its documentation's table of error codes) and the HTTP status.

const ERRORS = {
  InternalError: { status: 500, code: 10001, message: "We encountered an internal error. Please try again." },
  AccessDenied: { status: 403, code: 10003, message: "Access denied." },
  NoSuchBucket: { status: 404, code: 10006, message: "The specified bucket does not exist." },
  NoSuchKey: { status: 404, code: 10007, message: "The specified key does not exist." },
  EntityTooSmall: { status: 400, code: 10011, message: "Your proposed upload is smaller than the minimum allowed object size." },
  MetadataTooLarge: { status: 400, code: 10012, message: "Your metadata headers exceed the maximum allowed metadata size." },
  InvalidObjectName: { status: 400, code: 10020, message: "The specified object name is not valid." },
  InvalidMaxKeys: { status: 400, code: 10022, message: "MaxKeys params must be positive integer <= 1000." },
  NoSuchUpload: { status: 400, code: 10024, message: "The specified multipart upload does not exist." },
  InvalidPart: { status: 400, code: 10025, message: "One or more of the specified parts could not be found." },
  InvalidArgument: { status: 400, code: 10029, message: "Invalid argument." },
  PreconditionFailed: { status: 412, code: 10031, message: "At least one of the pre-conditions you specified did not hold." },
  BadDigest: { status: 400, code: 10037, message: "The checksum you specified did not match what we received." },
  InvalidRange: { status: 416, code: 10039, message: "The requested range is not satisfiable." },
  ServiceUnavailable: { status: 503, code: 10043, message: "The service is unavailable. Please try again." },
  BadUpload: { status: 400, code: 10048, message: "There was a problem with the multipart upload." },
} as const;

export type ErrorName = keyof typeof ERRORS;

/** An answer other than success: the message reaches whoever called the binding. */
export class ArchiveError extends Error {
  override readonly name: ErrorName;
  readonly status: number;
  readonly code: number;
  readonly detail: string;

  constructor(name: ErrorName, detail = "") {
    super(`${ERRORS[name].message} ${detail}`.trimEnd());
    this.name = name;
    this.detail = detail;
    this.status = ERRORS[name].status;
    this.code = ERRORS[name].code;
  }
}
