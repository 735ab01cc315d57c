"""Publishes one message as a program of the station does, with Debian's pika. Prints what it was told, as JSON.

usage: pika-client.py URL, and on standard input {"as": "producer" or "endec", "exchange", "key", "body", "headers"}
"""

import json
import sys
import time

import pika

# The producer waits 5 s. How long the relay takes is not what the test is about.
PATIENCE_SECONDS = 30


def as_producer(channel, call):
    """Asks for a reply in a queue of its own, and waits for the one with its id."""
    channel.exchange_declare(exchange=call["exchange"], exchange_type="topic", durable=True)
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    wanted = call["body"]["wbor_message_id"]
    replies = []

    def on_reply(_channel, _method, properties, body):
        if properties.correlation_id == wanted:
            replies.append(json.loads(body))

    channel.basic_consume(queue=queue, on_message_callback=on_reply, auto_ack=True)
    channel.basic_publish(
        exchange=call["exchange"],
        routing_key=call["key"],
        body=json.dumps(call["body"]).encode(),
        properties=pika.BasicProperties(
            headers=call["headers"],
            reply_to=queue,
            correlation_id=wanted,
            delivery_mode=2,
        ),
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not replies and time.monotonic() < until:
        channel.connection.process_data_events(time_limit=0.2)
    return replies


def as_endec(channel, call):
    """No headers, no id, no confirm; a message that is returned is not noticed."""
    channel.basic_publish(
        exchange=call["exchange"],
        routing_key=call["key"],
        body=json.dumps(call["body"]).encode(),
        properties=pika.BasicProperties(delivery_mode=2, content_type="application/json"),
        mandatory=True,
    )
    return []


def main():
    call = json.load(sys.stdin)
    connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
    publish = {"producer": as_producer, "endec": as_endec}[call["as"]]
    replies = publish(connection.channel(), call)
    connection.close()
    print(json.dumps({"pika": pika.__version__, "replies": replies}))


main()
