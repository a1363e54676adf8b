// Everything that has a limit, with its reason. Sizes are bytes, times milliseconds. Topic configs (configs.ts) may be stricter.

const KIB = 1024;
const MIB = 1024 * KIB;

/** An RPC call carries at most 32 MiB, arguments or result (platform: Durable Object RPC). A quarter of it is left for the rest. */
export const MAX_RPC_BYTES = 24 * MIB;

/**
 * Largest record batch, and so the most that max.message.bytes can be: a record of 16 MiB with its key, headers and framing. Bounded by
 * the core's memory (64 MiB), which holds a batch as it is listed, as it is encoded, and compressed; and by one RPC.
 */
export const MAX_BATCH_BYTES = 16 * MIB + 64 * KIB;

/** A Durable Object holds 10 GB (platform: Durable Objects). A partition refuses to grow before that. */
export const MAX_OBJECT_BYTES = 9_500_000_000;

/** Bytes that may wait in a partition to be written: beyond it producers are asked to slow down. The isolate's memory bounds it. */
export const MAX_PENDING_APPEND_BYTES = 32 * MIB;

/**
 * Bytes of its newest rows that a partition keeps in memory (src/log/newest-rows.ts): a default fetch. Partitions may share an isolate's
 * 128 MB, and the object that nobody reads keeps them too.
 */
export const NEWEST_ROWS_BYTES = 1 * MIB;

/** How long an append waits for the request that carries it to the partition before it gives up. */
export const APPEND_TIMEOUT_MS = 30_000;

/** Largest request of a Kafka client: a batch of the largest size, and what is around it. */
export const MAX_FRAME_BYTES = 17 * MIB;

/** Largest request of a Kafka client that has not authenticated (Kafka's sasl.server.max.receive.size). */
export const MAX_UNAUTHENTICATED_FRAME_BYTES = 512 * KIB;

/** Bytes of Produce requests of one Kafka connection that wait for their answers, beside the last: beyond them, it is not read. */
export const MAX_BYTES_IN_FLIGHT = 16 * MIB;

/**
 * Partitions that one Kafka connection keeps watching between its fetches: a WebSocket each, of the 10,000 calls that an invocation may make.
 * A wait for more of them opens the others each time, which for 500 more cost 260 ms of CPU a fetch (bench/idle-consumer.ts).
 */
export const MAX_WATCHES_PER_CONNECTION = 1_000;

/** Partitions of one fetch session, 300 bytes each; a client with more fetches without one. */
export const MAX_FETCH_SESSION_PARTITIONS = 10_000;

/** Partitions, and topics of groups, whose log a Kafka connection remembers its client to be in: 200 bytes each (remade-topics.ts). */
export const MAX_REMEMBERED_PLACES = 10_000;

/** Produce requests of one Kafka connection that wait for their answers; clients have 5 by default (max.in.flight.requests). */
export const MAX_REQUESTS_IN_FLIGHT = 32;

/** A Kafka connection that says nothing for so long is closed (connections.max.idle.ms, Kafka's default). */
export const IDLE_CONNECTION_MS = 600_000;

/** Kafka connections of one isolate over TCP (max.connections): 1.8 GB where all wait in fetches (test/e2e/many-connections.ts). */
export const MAX_KAFKA_CONNECTIONS = 10_000;

/**
 * Bytes that either side of a WebSocket, a Kafka connection or a live tail, sends ahead of what the other has taken, if that one tells. Two
 * answers of Fetch's default.
 */
export const SOCKET_WINDOW_BYTES = 2 * MIB;

/** Bytes that may wait in the broker for their turn on one Kafka WebSocket: a frame of the largest size, and what comes with it. */
export const MAX_SOCKET_AHEAD_BYTES = 24 * MIB;

/** Bytes that a Kafka WebSocket carries to a client that never says what it has taken: all may be waiting, in an isolate of 128 MB. */
export const MAX_UNTOLD_SOCKET_BYTES = 64 * MIB;

/**
 * Bytes of messages that a live tail over a WebSocket sends to a client that never says what it has taken: all may be waiting. A client that
 * reads loses a moment when it comes again.
 */
export const MAX_UNTOLD_TAIL_BYTES = 64 * MIB;

/** The same, once all such tails of an isolate have been sent as much: a broker may have hundreds of them. */
export const MAX_CROWDED_TAIL_BYTES = 16 * MIB;
export const MAX_UNTOLD_TAILS_BYTES = 256 * MIB;

/** How often a client's `ping` on a live tail is answered at most: what it does not read is queued. */
export const MIN_PONG_INTERVAL_MS = 1_000;

/** Largest message on a Kafka WebSocket that the broker sends: small beside the window. */
export const MAX_SOCKET_MESSAGE_BYTES = 512 * KIB;

/** A client that sent a part of a request over a WebSocket sends more of it within this time. It keeps the connection's object awake. */
export const PARTIAL_REQUEST_MS = 60_000;

/** Watches of a Kafka WebSocket's last fetch are kept for so long without another: while they are open, its object cannot hibernate. */
export const IDLE_WATCHES_MS = 5_000;

/**
 * Largest body of an HTTP request that we read whole: a record of 16 MiB in base64, with the JSON around it. The platform takes 100 MB;
 * an isolate has 128 MB for everything.
 */
export const MAX_BODY_BYTES = 24 * MIB;

/** Most records in one produce request: at 1 MB/s of parsing per 10,000 small records, a second of CPU at the worst. */
export const MAX_RECORDS_PER_REQUEST = 100_000;

/** Records that the refusal of a batch names, some 100 bytes each: Java's producer tells those behind them that their batch was refused. */
export const MAX_RECORD_REFUSALS = 1_000;

/** Longest line of a produce by JSON lines: as large a record as a body can hold. */
export const MAX_LINE_BYTES = MAX_BODY_BYTES;

/** Most headers of one record. Kafka has no limit; a record with more is a mistake. */
export const MAX_HEADERS_PER_RECORD = 1_000;

/** A SQLite row, blob or string holds 2 MB (platform: Durable Objects), not enforced by local runtimes; the rest is for the other columns. */
export const MAX_ROW_BYTES = 1_900_000;

/**
 * Batches that are written together share a row up to this size. Rows written are what the platform charges for, and a lookup of one record
 * reads the whole of its row: at this size a GB takes 2,000 rows ($0.002), and a lookup half a millisecond at most.
 */
export const SHARED_ROW_BYTES = MIB / 2;

/** Most bytes of records in one fetch answer, whatever `maxBytes` says; a first batch that is larger comes whole all the same. */
export const MAX_FETCH_BYTES = 16 * MIB;

/** Bytes of records in a fetch answer where the request does not say. */
export const DEFAULT_FETCH_BYTES = 1 * MIB;

/**
 * Keys, values and headers in one fetch answer that is decoded; the first record comes whole. What is stored compressed may be a
 * thousand times as large: without this limit, kilobytes of batches would make an answer that no isolate can hold.
 */
export const MAX_DECODED_BYTES = MAX_FETCH_BYTES;

/** Most records in one fetch answer that is decoded (JSON, MessagePack). */
export const MAX_FETCH_RECORDS = 100_000;

/** Records in a decoded fetch answer where the request does not say. */
export const DEFAULT_FETCH_RECORDS = 10_000;

/**
 * How long what was read ahead of a Kafka consumer is kept for it (src/broker/read-ahead.ts), and so how old an answer may be. A consumer
 * that catches up is back after 2 to 20 ms for each megabyte.
 */
export const READ_AHEAD_MS = 500;

/** Partitions that one Kafka connection is read ahead in; of more, only the first. */
export const MAX_READ_AHEAD_PARTITIONS = 16;

/** Bytes that the connections of one isolate have read ahead at a time: an isolate has 128 MB for everything. */
export const MAX_READ_AHEAD_BYTES = 16 * MIB;

/**
 * Bytes of fetch answers that one isolate holds for clients that have not taken them yet: as they are read, and made, until they have
 * left. An isolate has 128 MB for everything; plain workerd has no bound of its own. Four answers of the largest size.
 */
export const MAX_ANSWERS_BYTES = 64 * MIB;

/** Beyond it, for answers of one batch each: a client that reads is served beside many that do not. */
export const ANSWERS_RESERVE_BYTES = 32 * MIB;

/** Counted for a read until it is known what it brings, at least: a first batch comes whole, and is so large at most by default (max.message.bytes). */
export const MIN_ANSWER_READ_BYTES = 1 * MIB;

/** How long a fetch waits for room before it is refused, and how often it looks. Clients wait 30 s for an answer. */
export const ANSWER_ROOM_WAIT_MS = 5_000;
export const ANSWER_ROOM_LOOK_MS = 20;

/** How long a client that was refused for want of room is told to stay away. */
export const ANSWER_THROTTLE_MS = 1_000;

/**
 * How long an answer may take to leave where others wait for its room: after that its connection is closed. As long as Kafka's clients wait
 * for it (request.timeout.ms).
 */
export const ANSWER_LEAVE_MS = 30_000;

/** Longest wait of a fetch. Intermediaries cut silent HTTP requests after about 100 s. */
export const MAX_WAIT_MS = 60_000;

/** Most partitions of one topic: each is a Durable Object, created on first use. */
export const MAX_PARTITIONS_PER_TOPIC = 10_000;

/** Most partitions in one multi-partition fetch: each costs a call, six of which run at a time on the platform. */
export const MAX_PARTITIONS_PER_FETCH = 500;

/** Kafka's rule for topic names (org.apache.kafka.common.internals.Topic). */
export const MAX_TOPIC_NAME_LENGTH = 249;

/** Longest value of a topic config (characters). Only the lists of throttled replicas come near it. */
export const MAX_CONFIG_VALUE_LENGTH = 10_000;

/** A Durable Object's name; Kafka does not limit group ids. */
export const MAX_GROUP_ID_LENGTH = 255;

/** A Durable Object's name; Kafka does not limit transactional ids. */
export const MAX_TRANSACTIONAL_ID_LENGTH = 255;

/** offset.metadata.max.bytes, Kafka's default. */
export const MAX_OFFSET_METADATA_BYTES = 4096;

/** Most offsets in one commit. */
export const MAX_OFFSETS_PER_COMMIT = 10_000;

/** Most bytes that a record batch may expand to when it is decompressed. Bounded by the core's memory (64 MiB). */
export const MAX_DECOMPRESSED_BYTES = 32 * MIB;

/**
 * Most bytes that the members of a classic group may say of themselves in all, and that their assignments may have: the leader gets the
 * one, and sends the other, in one RPC. A thousand members have 8 KB each.
 */
export const MAX_GROUP_METADATA_BYTES = 8 * MIB;

/** Longest member, instance or rack id (characters): clients make UUIDs and host names. Kafka has no limit. */
export const MAX_MEMBER_ID_LENGTH = 255;

/** Longest regular expression for topic names (characters): RE2 needs time in proportion to it for each character of a name. */
export const MAX_TOPIC_PATTERN_LENGTH = 1_000;

/** Most topics by name that an HTTP member subscribes to: it says them in each of its calls. */
export const MAX_TOPICS_PER_MEMBER = 1_000;

/** How long a consumer group believes what it knows of its topics (ms). A heartbeat after that asks the cluster, as often at most. */
export const GROUP_TOPICS_TTL_MS = 5_000;

/** How soon an HTTP member that waits for partitions of others asks again (ms): their next call gives them back. */
export const GROUP_WAIT_SLICE_MS = 250;

/** How long a group remembers who has left it (ms): longer than a request is on its way, or is made again. */
export const DEPARTED_MEMBER_MS = 60_000;

/** Most members that a group remembers to have left: their ids have at most 255 characters each. */
export const MAX_DEPARTED_MEMBERS = 1_000;

/** A new member that was not answered for so long has to ask again (Kafka's, group.coordinator.new.member.join.timeout). */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;

/** A rebalance waits at least so long, whatever a member asks for: a group of absent static members would begin anew without end. */
export const MIN_REBALANCE_TIMEOUT_MS = 1_000;

/** Most bytes that one verification of segments reads: 1 GiB takes about 2 s of CPU, of the 30 s that an invocation has. */
export const MAX_VERIFY_BYTES = 1024 * MIB;

/** Bytes that a verification reads where the request does not say: some seconds, from an archive at 50 MB/s. */
export const DEFAULT_VERIFY_BYTES = 256 * MIB;

/** Longest time of one verification, and the default: see MAX_WAIT_MS. */
export const MAX_VERIFY_MS = 60_000;
export const DEFAULT_VERIFY_MS = 20_000;

/** Most reads in one verification: an invocation may make 10,000 calls to other services. */
export const MAX_VERIFY_READS = 2_000;

/** Partitions in one answer of DescribeTopicPartitions (Kafka's max.request.partition.size.limit). */
export const MAX_DESCRIBED_PARTITIONS = 2_000;

/** Most topics or groups on one page of a listing. */
export const MAX_PAGE_ITEMS = 1_000;

/** Calls to other objects at a time: the platform lets six connections wait for their answer, the seventh queues unseen. */
export const MAX_CONCURRENT_CALLS = 6;

/**
 * Most partitions and groups of one transaction: each is a call at its end, an invocation may make 10,000, and some are made again. The
 * transaction is one row: with the longest topic names, one partition of each, it has 0.7 MB.
 */
export const MAX_PARTITIONS_PER_TRANSACTION = 2_000;

/** How long a transaction may be open where a producer over HTTP does not say (transaction.timeout.ms of Kafka's producer, its default). */
export const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * How long a request waits for the end of a transaction to reach everybody, before it is answered without: less than the 30 s that Kafka's
 * clients wait for an answer.
 */
export const TRANSACTION_END_WAIT_MS = 10_000;

/** Producer ids are handed to the edge in blocks of this many (Kafka's ProducerIdsBlock). */
export const PRODUCER_ID_BLOCK_SIZE = 1000;

/** A producer that wrote nothing for so long is forgotten (Kafka's producer.id.expiration.ms, its default). */
export const PRODUCER_ID_EXPIRATION_MS = 86_400_000;

/**
 * Producers whose first batch of a transaction may wait in a partition for its verification: the oldest has to be verified anew. Some
 * 100 bytes each.
 */
export const MAX_PENDING_VERIFICATIONS = 10_000;

/** Aborted transactions in one answer about an archived segment, which is cut where they end: 50 bytes each, as an RPC has them. */
export const MAX_ABORTED_PER_READ = 10_000;

/** Aborted transactions in a header of an HTTP answer, which is cut where they end: clients take 16 KiB of headers (Node's default). */
export const MAX_ABORTED_IN_HEADER = 200;

/** Bytes of the map of keys by which a log is compacted: 600,000 keys a round. An isolate has 128 MB for everything. */
export const COMPACTION_KEY_MAP_BYTES = 16 * MIB;

/**
 * Bytes of stored batches that one run of maintenance compacts at most, before the alarm rings again: at 20 MB/s, with the slowest codec, 3 s
 * of the 30 s of CPU that an event has (platform: Durable Objects).
 */
export const COMPACTION_BYTES_PER_RUN = 64 * MIB;

/** Kafka's bounds of PBKDF2's iterations (ScramMechanism, ScramControlManager); the lower one is what a user without any is answered with. */
export const MIN_SCRAM_ITERATIONS = 4_096;
export const MAX_SCRAM_ITERATIONS = 16_384;

/** Of a salt in base64: Kafka's have 40. */
export const MAX_SCRAM_SALT_LENGTH = 256;

/** Longer ones would only be hashed. */
export const MAX_PASSWORD_LENGTH = 1_024;

/** A name that fits a row and a log line. */
export const MAX_USER_NAME_LENGTH = 255;

/** `Type:` and a name. */
export const MAX_PRINCIPAL_LENGTH = 300;

/** Names of topics have 249 characters, of groups 255; nothing that an ACL can name is longer. */
export const MAX_RESOURCE_NAME_LENGTH = 255;

/**
 * Most SCRAM credentials (two a user), tokens, ACLs and quotas of the cluster: every isolate holds all of them, about 4 MB in one RPC
 * when names are of the usual length, 16 MB when all are as long as they may be.
 */
export const MAX_SCRAM_CREDENTIALS = 4_000;
export const MAX_API_TOKENS = 2_000;
export const MAX_ACLS = 10_000;
export const MAX_CLIENT_QUOTAS = 2_000;

/** Most ACLs, credentials or quotas in one request that changes or filters them. */
export const MAX_SECURITY_CHANGES = 1_000;

/** A client below its quota may take so many seconds' worth at once (Kafka's window is 10 s, quota.window.num). */
export const QUOTA_BURST_S = 10;

/** Longest time that a client is told to wait for its quota; the rest of what it owes stays. Clients give up requests after 30 s. */
export const MAX_THROTTLE_MS = 10_000;

/** Clients whose quotas one isolate counts: 200 bytes each. One that is forgotten begins with a full bucket. */
export const MAX_QUOTA_BUCKETS = 10_000;
/** Most webhook subscriptions: the cluster object wakes those of a topic when its partitions change. */
export const MAX_SUBSCRIPTIONS = 10_000;

/** Longest name of a subscription: its group has the same, and it stands in headers. */
export const MAX_SUBSCRIPTION_NAME_LENGTH = 128;

/** Most topics of one subscription, and most partitions of them together: its object asks each partition for a wake-up. */
export const MAX_SUBSCRIPTION_TOPICS = 100;
export const MAX_SUBSCRIPTION_PARTITIONS = 1_000;

/** Records, and bytes of them, that one subscription holds in memory: objects of one class may share an isolate of 128 MB. */
export const MAX_HELD_RECORDS = 10_000;
export const MAX_HELD_BYTES = 4 * MIB;

/** What a subscription's newest reads may keep in memory whole; of older ones only what still waits is kept, as copies. */
export const MAX_FRESH_READ_BYTES = 4 * MIB;
export const MAX_FRESH_READS = 16;

/** Calls of a partition that are decided on ahead: one row makes all of them durable, and their records wait in no other call. */
export const MAX_PLANNED_CALLS = 100;

/** Bytes that one read of a subscription asks a partition for. */
export const HOOK_READ_BYTES = 512 * KIB;

/** Most records and bytes of records in one webhook call; a single record may be larger. Receivers commonly take 1 MB. */
export const MAX_HOOK_BATCH_RECORDS = 1_000;
export const MAX_HOOK_BATCH_BYTES = 1 * MIB;

/** Most webhook calls of one subscription at a time. Hosted, the platform lets six connections wait for their answer. */
export const MAX_HOOKS_IN_FLIGHT = 100;

/** How long an endpoint has to answer. The longest is what intermediaries wait for a silent request. */
export const DEFAULT_HOOK_TIMEOUT_MS = 15_000;
export const MAX_HOOK_TIMEOUT_MS = 100_000;

/** Bytes of an endpoint's answer that are read, for the log; the rest is left unread. */
export const MAX_HOOK_ANSWER_BYTES = 4 * KIB;

/** Bytes of HTTP headers made from a record's; servers commonly refuse more than 8 to 16 KB in all. */
export const MAX_HOOK_HEADER_BYTES = 6 * KIB;

/** Longest filter (characters), most nodes of its syntax tree, and largest JSON value that it is shown. */
export const MAX_FILTER_LENGTH = 2_000;
export const MAX_FILTER_NODES = 200;
export const MAX_FILTER_VALUE_BYTES = 1 * MIB;

/** Most records that one redrive looks at: see MAX_HELD_RECORDS; the next redrive goes on where it ended. */
export const MAX_REDRIVE_RECORDS = 100_000;

/** Sources of inbound webhooks in all: every isolate holds all of them, 8 KB each at the most, in one RPC. */
export const MAX_INGEST_SOURCES = 1_000;

/** Longest name of a source: it stands in URLs and in a record header. */
export const MAX_INGEST_SOURCE_NAME_LENGTH = 64;

/** Secrets of a source that are valid at a time: the body is hashed with each. Two are enough for a rotation. */
export const MAX_INGEST_SECRETS = 4;

/** Signatures in one request that are looked at; senders have one for each of their secrets. */
export const MAX_INGEST_SIGNATURES = 8;

/** Longest secret of a sender (characters). */
export const MAX_INGEST_SECRET_LENGTH = 200;

/**
 * Headers of an inbound webhook that are kept, and their bytes: senders have about 20 and 2 KB; servers commonly take 8 to 16 KB in all.
 */
export const MAX_INGEST_HEADERS = 100;
export const MAX_INGEST_HEADER_BYTES = 32 * KIB;

/** Most of an inbound webhook's query that is kept (bytes): servers commonly take URLs of 8 KB. */
export const MAX_INGEST_QUERY_BYTES = 8 * KIB;

/** Shortest token of a sender that signs nothing (characters): it is all that keeps others out, and may be tried often. */
export const MIN_INGEST_TOKEN_LENGTH = 16;

/** Longest id that a sender gives an event (characters): it becomes a record's key and a header. */
export const MAX_INGEST_ID_LENGTH = 1_024;

/** How far a signed timestamp may be from now where nothing is said (Stripe's, Slack's and Standard Webhooks' own), and at most. */
export const DEFAULT_INGEST_TOLERANCE_MS = 300_000;
export const MAX_INGEST_TOLERANCE_MS = 86_400_000;

/** How long an id is known again where nothing is said, and at most: senders try again for one to three days. */
export const DEFAULT_ONCE_WINDOW_MS = 86_400_000;
export const MAX_ONCE_WINDOW_MS = 604_800_000;

/**
 * Ids that a partition remembers, the oldest going first: 32 bytes each stored, and about 75 in memory, where partitions may share an
 * isolate's 128 MB. One event in two seconds for a day.
 */
export const MAX_ONCE_IDS = 50_000;

/** Ids in one row of SQLite: 4 KB, which is written again with each flush that adds to it. */
export const ONCE_BLOCK_IDS = 128;

/** How long a record is a worker's own where nothing is said (Kafka's share.record.lock.duration.ms), and the least and the most (SQS's 12 h). */
export const DEFAULT_SHARE_LEASE_MS = 30_000;
export const MIN_SHARE_LEASE_MS = 100;
export const MAX_SHARE_LEASE_MS = 43_200_000;

/** How long a record that was given back may wait for its next delivery. */
export const MAX_SHARE_DELAY_MS = 43_200_000;

/** How often a record is delivered before it is given up (Kafka's group.share.delivery.count.limit); it is stored in 16 bits. */
export const DEFAULT_SHARE_DELIVERIES = 5;
export const MAX_SHARE_DELIVERIES = 10_000;

/**
 * Records of a share partition that are handed out, wait for their retry or for their turn (Kafka's group.share.partition.max.record.locks,
 * and its largest value): beyond them nothing more is taken from the log. 200 bytes each in memory, 37 stored.
 */
export const DEFAULT_SHARE_IN_FLIGHT = 2_000;
export const MAX_SHARE_IN_FLIGHT = 10_000;

/** Records of a share partition in one row of SQLite: 10 KB, which is written again when one of them changes. */
export const SHARE_BLOCK_RECORDS = 256;

/** What one look at the log adds to a share partition at most: several pulls' worth, so that their edges need not look. */
export const SHARE_LOAD_RECORDS = 1_000;
export const SHARE_LOAD_BYTES = 1 * MIB;

/** How long other pulls wait for the edge that looks at the log, before one of them does it in its place. */
export const SHARE_LOAD_TIMEOUT_MS = 5_000;

/**
 * Looks at the log of one pull that bring nothing: a filter may pass over all that there is. How far they came is stored, so that the next
 * pull goes on there; an invocation's time is limited.
 */
export const MAX_EMPTY_SHARE_LOADS = 20;

/** Filters of share groups that an isolate keeps compiled, some 20 KB each at most. */
export const MAX_COMPILED_FILTERS = 200;

/** Records that an isolate keeps decoded between the pull that loaded them and those that get them, and for how long. */
export const SHARED_RECORDS_BYTES = 8 * MIB;
export const SHARED_RECORDS_MS = 10_000;

/** How long an edge believes what it knows of a share group: a change of its settings takes so long to reach every pull. */
export const SHARE_GROUP_CACHE_MS = 2_000;

/** Share groups that one isolate remembers, some 500 bytes each. */
export const MAX_CACHED_SHARE_GROUPS = 1_000;

/** Most records of one pull, and where it does not say. */
export const MAX_PULL_RECORDS = 10_000;
export const DEFAULT_PULL_RECORDS = 100;

/** How long the SDK renews the lease of a record whose handler runs: one that hangs keeps its record from the others no longer. */
export const DEFAULT_SHARE_HANDLING_MS = 3_600_000;

/** Most partitions of one pull: each is a call, and while it waits two sockets. */
export const MAX_PARTITIONS_PER_PULL = 100;

/** Most topics that a member of a share group by Kafka's protocol subscribes to: 150 bytes each in the group's row, which may have 2 MB. */
export const MAX_SHARE_MEMBER_TOPICS = 1_000;

/** Share sessions of one connection, and partitions of one session: a member has one session, and a client a connection. */
export const MAX_SHARE_SESSIONS_PER_CONNECTION = 10;
export const MAX_SHARE_SESSION_PARTITIONS = 1_000;

/** Characters of a WebSocket's share sessions that outlive its object's sleep: half of what the platform lets an attachment have, 16 KiB. */
export const MAX_STORED_SHARE_SESSIONS_LENGTH = 8_192;

/** Most leases that one request settles. */
export const MAX_SETTLEMENTS = 10_000;

/** Dead letters that are written at once: as many as the isolate decodes without anybody noticing. */
export const MAX_DEAD_LETTERS_PER_WRITE = 100;

/** Waits between tries to write dead letters: the first, doubled each time, and the longest. */
export const DEAD_LETTER_RETRY_MS = 500;
export const MAX_DEAD_LETTER_RETRY_MS = 60_000;

/** Longest line that the command line takes for a record: none is larger, and memory must not grow with a file that has no newlines. */
export const MAX_INPUT_LINE_BYTES = 32 * MIB;

/** How long the tunnel waits for a broker to open a socket, as Kafka's clients do (socket.connection.setup.timeout.max.ms). */
export const TUNNEL_HANDSHAKE_MS = 30_000;

/** Largest message that the tunnel takes: those of the broker have MAX_SOCKET_MESSAGE_BYTES. */
export const MAX_TUNNEL_MESSAGE_BYTES = 32 * MIB;

/** What the tunnel reads of a refusal, which is a problem (RFC 9457) of some hundred bytes. */
export const MAX_REFUSAL_BYTES = 64 * KIB;

/** Bytes of records in one request of a mirror to Kafka: far below every broker's megabyte (message.max.bytes), which counts what is around too. */
export const MAX_MIRROR_REQUEST_BYTES = 512 * KIB;

/** Partitions that a mirror writes at a time: a request each. */
export const MAX_MIRROR_WRITES = 16;

/** How long a browser remembers that a page may use the broker: the most that Chromium does, and how late it learns otherwise. */
export const PREFLIGHT_MAX_AGE_S = 7_200;

/** A batch is kept whole on its way through an RPC, and a body is one. */
if (MAX_BODY_BYTES > MAX_RPC_BYTES || MAX_BATCH_BYTES > MAX_BODY_BYTES || MAX_FETCH_BYTES > MAX_RPC_BYTES) {
  throw new Error("limits: a body must fit one RPC, a batch a body");
}

/** A JSON body holds the base64 of the largest record. */
if (Math.ceil(MAX_BATCH_BYTES / 3) * 4 > MAX_BODY_BYTES) throw new Error("limits: the largest record in base64 must fit a body");

/** One request fits what may wait on a WebSocket, and a message the window. */
if (MAX_FRAME_BYTES > MAX_SOCKET_AHEAD_BYTES || MAX_SOCKET_MESSAGE_BYTES > SOCKET_WINDOW_BYTES) {
  throw new Error("limits: a frame must fit what may wait on a WebSocket, a message its window");
}
