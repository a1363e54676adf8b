// CSV (RFC 4180), with one thing more that a log needs: null and the empty text differ. Null is an empty field, the empty text is `""`.

import { CliError } from "../failure.ts";

/** A row as a line, with its newline. */
export function formatCsvRow(fields: readonly (string | null)[]): string {
  return `${fields.map(formatField).join(",")}\r\n`;
}

function formatField(field: string | null): string {
  if (field === null) return "";
  return field === "" || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Where a parser is in a row. */
const START_OF_FIELD = 0;
const IN_FIELD = 1;
const IN_QUOTES = 2;
const AFTER_QUOTE = 3;

/**
 * The rows of a text that comes in pieces; lines end with LF or CRLF, and empty ones are passed over.
 * @throws CliError that names the row in which a quote is where none can be, or is never closed; also for what is no UTF-8, which would be
 * changed
 */
export async function* parseCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly (string | null)[]> {
  const parser = new CsvParser();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of chunks) yield* parser.take(textOf(decoder, chunk));
  yield* parser.end(textOf(decoder));
}

function textOf(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new CliError("the CSV is no UTF-8: convert it first (iconv -t UTF-8)"); // a fatal decoder throws for one reason alone
  }
}

class CsvParser {
  #state = START_OF_FIELD;
  #field = "";
  #row: (string | null)[] = [];
  #rowNumber = 1;

  *take(text: string): Generator<readonly (string | null)[]> {
    for (const character of text) {
      if (this.#state === IN_QUOTES) this.#takeQuoted(character);
      else if (character === ",") this.#endField();
      else if (character === "\n") {
        const row = this.#endRow();
        if (row !== null) yield row;
      } else if (character === '"') this.#takeQuote();
      else if (character !== "\r") this.#takePlain(character);
    }
  }

  *end(text: string): Generator<readonly (string | null)[]> {
    yield* this.take(text);
    if (this.#state === IN_QUOTES) throw new CliError(`row ${this.#rowNumber} has a quote that is never closed`);
    const row = this.#endRow();
    if (row !== null) yield row;
  }

  #takeQuoted(character: string): void {
    if (character === '"') this.#state = AFTER_QUOTE;
    else this.#field += character;
  }

  /** One that opens a field, or the second of two within one. */
  #takeQuote(): void {
    if (this.#state === IN_FIELD) throw new CliError(`row ${this.#rowNumber} has a quote within a field that has none around it`);
    if (this.#state === AFTER_QUOTE) this.#field += '"';
    this.#state = IN_QUOTES;
  }

  #takePlain(character: string): void {
    if (this.#state === AFTER_QUOTE) throw new CliError(`row ${this.#rowNumber} has text behind a closing quote`);
    this.#state = IN_FIELD;
    this.#field += character;
  }

  #endField(): void {
    this.#row.push(this.#state === START_OF_FIELD ? null : this.#field);
    this.#field = "";
    this.#state = START_OF_FIELD;
  }

  /** null for an empty line. */
  #endRow(): readonly (string | null)[] | null {
    const isEmpty = this.#row.length === 0 && this.#state === START_OF_FIELD;
    if (!isEmpty) this.#endField();
    const row = this.#row;
    this.#row = [];
    this.#rowNumber++;
    return isEmpty ? null : row;
  }
}
