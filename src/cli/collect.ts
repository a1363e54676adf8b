/** All that an asynchronous sequence gives, in order. (Array.fromAsync is not in the language's libraries yet.) */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
