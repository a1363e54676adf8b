// The topics that a consumer group looks at, as the cluster knew them a moment ago: ids and partition counts of those that its members
// subscribe to, by name or by regular expression. An image never changes; a newer one replaces it.
//
// Regular expressions are RE2's (KIP-848), which match in a time linear in the name; one matches a topic whose whole name it matches, as in
// TopicRegexResolver of org.apache.kafka.coordinator.group.modern.consumer.

import { RE2JS } from "re2js";
import { type Failure, failure } from "../common/errors.ts";
import { MAX_TOPIC_PATTERN_LENGTH } from "../common/limits/groups.ts";

export interface ImageTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionCount: number;
}

/** What members want: topics by name, and by regular expression. */
export interface Interest {
  readonly names: ReadonlySet<string>;
  readonly patterns: ReadonlySet<string>;
}

export class TopicImage {
  /** What was looked for: a topic of this interest that is not here does not exist. */
  readonly interest: Interest;
  readonly #byName: ReadonlyMap<string, ImageTopic>;
  readonly #byId: ReadonlyMap<string, ImageTopic>;
  readonly #matches = new Map<string, readonly string[]>();

  /** @param topics those beside the interest are left out */
  constructor(interest: Interest, topics: readonly ImageTopic[]) {
    const matchers = [...interest.patterns].map(compilePattern);
    const wanted = topics.filter(({ name }) => interest.names.has(name) || matchers.some((matches) => matches(name)));
    this.interest = interest;
    this.#byName = new Map(wanted.map((topic) => [topic.name, topic]));
    this.#byId = new Map(wanted.map((topic) => [topic.topicId, topic]));
  }

  static readonly EMPTY = new TopicImage({ names: new Set(), patterns: new Set() }, []);

  get topics(): readonly ImageTopic[] {
    return [...this.#byName.values()];
  }

  named(name: string): ImageTopic | undefined {
    return this.#byName.get(name);
  }

  withId(topicId: string): ImageTopic | undefined {
    return this.#byId.get(topicId);
  }

  covers({ names, patterns }: Interest): boolean {
    return isSubset(names, this.interest.names) && isSubset(patterns, this.interest.patterns);
  }

  /** Names of the topics that a regular expression of the interest matches. */
  matching(pattern: string): readonly string[] {
    let names = this.#matches.get(pattern);
    if (names === undefined) {
      names = [...this.#byName.keys()].filter(compilePattern(pattern));
      this.#matches.set(pattern, names);
    }
    return names;
  }

  /** Whether the topics that matter to the interest are others here than there. */
  differs(other: TopicImage, interest: Interest): boolean {
    return !this.#hasAllOf(other, interest) || !other.#hasAllOf(this, interest);
  }

  #hasAllOf(other: TopicImage, { names, patterns }: Interest): boolean {
    const matchers = [...patterns].map(compilePattern);
    return other.topics.every((topic) => {
      const mine = this.#byName.get(topic.name);
      if (mine?.topicId === topic.topicId && mine.partitionCount === topic.partitionCount) return true;
      return !names.has(topic.name) && !matchers.some((matches) => matches(topic.name));
    });
  }
}

function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  for (const item of part) if (!whole.has(item)) return false;
  return true;
}

/** Why the text is no regular expression that is taken, or null. */
export function checkPattern(pattern: string): Failure | null {
  if (pattern.length > MAX_TOPIC_PATTERN_LENGTH) {
    const detail = `The regular expression has ${pattern.length} characters, and may have ${MAX_TOPIC_PATTERN_LENGTH}.`;
    return failure("INVALID_REGULAR_EXPRESSION", detail);
  }
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return failure("INVALID_REGULAR_EXPRESSION", `'${pattern.slice(0, 300)}' is no regular expression of RE2: ${String(error)}`);
  }
}

/** @param pattern one that `checkPattern` lets pass */
function compilePattern(pattern: string): (name: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (name) => compiled.matcher(name).matches();
}
