"""Members of groups by confluent-kafka (librdkafka), driven over stdin and stdout: see group-scenarios/process-member.ts. Each has a thread."""

import json
import os
import queue
import sys
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

POLL_S = 0.02
PASSING = (KafkaError._NO_OFFSET, KafkaError._FATAL, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION)

speaking = threading.Lock()


def places(given):
    return [TopicPartition(place["topic"], place["partition"]) for place in given]


class HostedMember:
    def __init__(self, number, settings):
        self.number = number
        self.orders = queue.Queue()
        self.assigned = []
        topics = settings["topics"]
        static = {"group.instance.id": settings["instanceId"]} if "instanceId" in settings else {}
        self.consumer = Consumer(
            {
                "bootstrap.servers": settings["address"],
                "group.id": settings["groupId"],
                "session.timeout.ms": settings["sessionTimeoutMs"],
                "max.poll.interval.ms": settings.get("maxPollIntervalMs", 300_000),
                "heartbeat.interval.ms": 200,
                "partition.assignment.strategy": "roundrobin",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "fetch.wait.max.ms": 100,
                "topic.metadata.refresh.interval.ms": 500,
                **static,
            }
        )
        names = topics if isinstance(topics, list) else [f"^{topics['pattern']}$"]
        self.consumer.subscribe(
            names,
            on_assign=lambda _, partitions: self.told(partitions),
            on_revoke=lambda *_: self.gives_back(),
            on_lost=lambda *_: self.told([]),
        )

    def say(self, what):
        with speaking:
            print(json.dumps({"member": self.number, **what}), flush=True)

    def told(self, partitions):
        self.assigned = [f"{p.topic}/{p.partition}" for p in partitions]
        self.say({"assigned": self.assigned})

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:  # nothing to commit, or a group that has put the member out: poll tells
            if error.args[0].code() not in PASSING:
                self.say({"failed": str(error)})

    def gives_back(self):
        self.commit()
        self.told([])

    def obey(self, order):
        """False: it is to end."""
        if "seek" in order:
            place = order["seek"]
            self.consumer.seek(TopicPartition(place["topic"], place["partition"], place["offset"]))
        elif "pause" in order:
            self.consumer.pause(places(order["pause"]))
        elif "resume" in order:
            self.consumer.resume(places(order["resume"]))
        if "order" in order:
            self.say({"obeyed": order["order"]})
        return "leave" not in order

    def handled(self, message):
        """The program handles it; what else it says meanwhile comes after."""
        record = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
        self.say({"record": {**record, "value": message.value().decode()}})
        others = []
        while "ack" not in (order := self.orders.get()):
            others.append(order)
        for order in others:
            self.orders.put(order)

    def run(self):
        is_on = True
        while is_on:
            while is_on and not self.orders.empty():
                is_on = self.obey(self.orders.get())
            message = self.consumer.poll(POLL_S) if is_on else None
            if message is None:
                continue
            error = message.error()
            if error is None:
                self.handled(message)
                self.consumer.store_offsets(message)
            elif error.code() == KafkaError._FATAL:
                self.say({"failed": str(error)})
                break
        self.commit()
        self.consumer.close()
        self.say({"left": True})


members = {}
for line in sys.stdin:
    order = json.loads(line)
    number = order["member"]
    if "start" in order:
        members[number] = HostedMember(number, order["start"])
        threading.Thread(target=members[number].run, daemon=True).start()
    else:
        members[number].orders.put(order)
os._exit(0)  # whoever drives it is gone, or has no more members here
