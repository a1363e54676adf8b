// A librdkafka client that produces or consumes so many records and prints one line of JSON. Built and run by bench/support/librdkafka.ts
// (gcc and librdkafka-dev).
//
//   librdkafka produce ADDRESS TOPIC RECORDS BYTES [NAME=VALUE…]   {"records", "ms", "p50Us", "p99Us"}: the time of a record from produce()
//                                                                 to its acknowledgement, of one record in 64
//   librdkafka consume ADDRESS TOPIC RECORDS PARTITIONS [NAME=VALUE…]   {"records", "bytes", "ms"}: from the first record on
//
// NAME=VALUE are librdkafka's own properties.

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLE_EVERY 64
#define ERROR_BYTES 512

static int64_t *latencies_us;
static long delivered;
static long failed;

static double now_ms(void) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void die(const char *what, const char *why) {
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
	(void)client, (void)opaque;
	if (message->err) {
		if (failed++ == 0) fprintf(stderr, "not delivered: %s\n", rd_kafka_err2str(message->err));
	} else if (delivered++ % SAMPLE_EVERY == 0) {
		latencies_us[delivered / SAMPLE_EVERY] = rd_kafka_message_latency(message);
	}
}

static rd_kafka_t *connect_client(rd_kafka_type_t type, const char *address, int count, char **properties) {
	char error[ERROR_BYTES];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (rd_kafka_conf_set(conf, "bootstrap.servers", address, error, sizeof error)) die("bootstrap.servers", error);
	for (int index = 0; index < count; index++) {
		char *value = strchr(properties[index], '=');
		if (value == NULL) die(properties[index], "is not NAME=VALUE");
		*value++ = 0;
		if (rd_kafka_conf_set(conf, properties[index], value, error, sizeof error)) die(properties[index], error);
	}
	if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
	if (client == NULL) die("client", error);
	return client;
}

static int by_value(const void *a, const void *b) {
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static void produce(rd_kafka_t *client, const char *topic, long records, size_t bytes) {
	char *value = malloc(bytes);
	unsigned random = 1;
	for (size_t index = 0; index < bytes; index++) value[index] = 'a' + (random = random * 1103515245 + 12345) / 65536 % 26;
	latencies_us = calloc(records / SAMPLE_EVERY + 1, sizeof *latencies_us);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
	double start_ms = now_ms();
	for (long index = 0; index < records;) {
		if (rd_kafka_produce(handle, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, bytes, NULL, 0, NULL) == 0) index++;
		else if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die("produce", rd_kafka_err2str(rd_kafka_last_error()));
		else rd_kafka_poll(client, 10);
		if (index % 1000 == 0) rd_kafka_poll(client, 0);
	}
	rd_kafka_flush(client, 120000);
	double ms = now_ms() - start_ms;
	if (failed || delivered != records) die("produce", "not every record was acknowledged");
	size_t samples = (delivered - 1) / SAMPLE_EVERY + 1;
	qsort(latencies_us, samples, sizeof *latencies_us, by_value);
	printf("{\"records\": %ld, \"ms\": %.1f, \"p50Us\": %" PRId64 ", \"p99Us\": %" PRId64 "}\n", delivered, ms, latencies_us[samples / 2],
	       latencies_us[samples * 99 / 100]);
	rd_kafka_topic_destroy(handle);
}

static void consume(rd_kafka_t *client, const char *topic, long records, int partitions) {
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	for (int index = 0; index < partitions; index++) {
		rd_kafka_topic_partition_list_add(list, topic, index)->offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	if (rd_kafka_assign(client, list)) die("assign", topic);
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
	static rd_kafka_message_t *messages[1000];
	long count = 0;
	int64_t bytes = 0;
	double start_ms = 0;
	while (count < records) {
		ssize_t length = rd_kafka_consume_batch_queue(queue, 1000, messages, 1000);
		for (ssize_t index = 0; index < length; index++) {
			if (messages[index]->err) die("consume", rd_kafka_message_errstr(messages[index]));
			if (count++ == 0) start_ms = now_ms();
			bytes += messages[index]->len;
			rd_kafka_message_destroy(messages[index]);
		}
	}
	printf("{\"records\": %ld, \"bytes\": %" PRId64 ", \"ms\": %.1f}\n", count, bytes, now_ms() - start_ms);
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_close(client);
}

int main(int argc, char **argv) {
	if (argc < 6) die("usage", "librdkafka produce|consume ADDRESS TOPIC RECORDS BYTES|PARTITIONS [NAME=VALUE…]");
	int is_producer = strcmp(argv[1], "produce") == 0;
	rd_kafka_t *client = connect_client(is_producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, argv[2], argc - 6, argv + 6);
	if (is_producer) produce(client, argv[3], atol(argv[4]), atol(argv[5]));
	else consume(client, argv[3], atol(argv[4]), atoi(argv[5]));
	rd_kafka_destroy(client);
	return 0;
}
