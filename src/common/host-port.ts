// Addresses as Kafka writes them in listeners: HOST:PORT, or [IPV6]:PORT.

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A host is a name or an address: what a client can look up, and no character that a log line or a URL would take for its own. */
const HOST_PORT = /^(?:\[([\da-fA-F:.]{2,45})\]|([\w.-]{1,253}))(?::(\d{1,5}))?$/;

/** Null where the text is no address; without a port it has `defaultPort`, or is none where that is absent. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | null {
  const [, bracketed, plain, digits] = HOST_PORT.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || port === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
