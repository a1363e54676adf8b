// application/problem+json (RFC 9457), the body of every answer from 400 on.

import { z } from "./zod.ts";

export const problem = z
  .looseObject({
    type: z.string().meta({ description: "A reference to the error's documentation, resolved against the broker's address." }),
    title: z.string().meta({ description: "What the error is." }),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: "What was wrong with this request, and what to do." }),
    code: z.string().meta({ description: "Kafka's error name." }),
    errorCode: z.int().meta({ description: "Kafka's error code." }),
    retriable: z.boolean().meta({ description: "Whether the same request may succeed later." }),
  })
  .meta({ id: "Problem", description: "What went wrong. Members beyond these say more about the error at hand." });

export type Problem = z.infer<typeof problem>;
