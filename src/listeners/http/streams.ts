// Response bodies that are made while they are read.

const ENCODER = new TextEncoder();

/**
 * A body of the texts that a generator yields. Nothing runs before the first read, nothing is made ahead of the reader, and a client
 * that goes away ends the generator at its next yield.
 */
export function textStream(texts: AsyncGenerator<string>, onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await texts.next();
        if (done) controller.close();
        else controller.enqueue(ENCODER.encode(value));
      },
      async cancel() {
        onCancel();
        await texts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
