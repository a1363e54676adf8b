// What a consumer group knows of its topics: an image of the cluster's, which a heartbeat brings up to date when it has grown old or when it
// lacks what a member subscribes to. Whoever needs a newer one while it is being loaded waits for that load; an old image that has what is
// needed serves on where the cluster cannot be reached.

import { type Failure, failure } from "../common/errors.ts";
import { GROUP_TOPICS_TTL_MS } from "../common/limits/groups.ts";
import { type ImageTopic, type Interest, TopicImage } from "./topic-image.ts";

/** The cluster's topics. */
export interface TopicSource {
  /** Those of the names that exist. */
  topicsNamed(names: readonly string[]): Promise<readonly ImageTopic[]>;
  allTopics(): Promise<readonly ImageTopic[]>;
}

export class GroupTopics {
  readonly #source: TopicSource;
  readonly #now: () => number;
  #image: TopicImage;
  #loadedAtMs = -Infinity;
  #loading: Promise<Failure | null> | null = null;

  /** @param image as it was stored: old */
  constructor(source: TopicSource, now: () => number, image: TopicImage) {
    this.#source = source;
    this.#now = now;
    this.#image = image;
  }

  get image(): TopicImage {
    return this.#image;
  }

  /** Whether the image is new enough. */
  get isCurrent(): boolean {
    return this.#now() - this.#loadedAtMs < GROUP_TOPICS_TTL_MS;
  }

  /** Brings the image up to date. null: it has the whole interest. */
  async refresh(interest: () => Interest): Promise<Failure | null> {
    let unreached: Failure | null = null;
    while (unreached === null && !(this.isCurrent && this.#image.covers(interest()))) {
      this.#loading ??= this.#load(interest()).finally(() => {
        this.#loading = null;
      });
      unreached = await this.#loading;
    }
    return this.#image.covers(interest()) ? null : unreached;
  }

  async #load(interest: Interest): Promise<Failure | null> {
    const beganAtMs = this.#now();
    try {
      const { names, patterns } = interest;
      const topics = patterns.size > 0 ? await this.#source.allTopics() : names.size > 0 ? await this.#source.topicsNamed([...names]) : [];
      this.#image = new TopicImage(interest, topics);
      this.#loadedAtMs = beganAtMs;
      return null;
    } catch (error) {
      return failure("COORDINATOR_NOT_AVAILABLE", `The cluster's list of topics cannot be reached right now: ${String(error)}`);
    }
  }
}
