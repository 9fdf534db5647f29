/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRIU_MESSAGE_H
#define CRIU_MESSAGE_H
/* For the files of criu/ alone: the messages of CRIU's rpc.proto, as far as they are used here. */
#include "criu/criu.h"

enum {
	CRIU_MESSAGE_MAX = 128 * 1024, /* of a request; a packet of a socket takes more */
	CRIU_REPLY_MAX = 40 * 1024,
	CRIU_NAME_MAX = 64,
	CRIU_TEXT_MAX = 512,
	CRIU_REQ_NOTIFY = 6, /* beside enum criu_task */
};

/* One packet of CRIU's. */
struct criu_reply {
	uint32_t type;
	bool is_success;
	pid_t pid;                  /* of a notice, or of a restore */
	char notice[CRIU_NAME_MAX]; /* "post-restore"; "" */
	int32_t error;              /* errno, or 0 */
	char message[CRIU_TEXT_MAX];
	uint32_t version;
};

/* Encodes a request. 0, or -ENOMEM, or -E2BIG where it would be longer than CRIU_MESSAGE_MAX. */
int criu_encode(const struct criu_request *request, struct arena *arena, const void **ret_bytes,
	size_t *ret_length) must_use;

/* The answer to a notice; returns its length, at most 8. */
size_t criu_encode_answer(bool is_success, uint8_t bytes[8]);

/* 0, or -EPROTO. What is not known is passed over; texts are cut. */
int criu_decode(const void *bytes, size_t length, struct criu_reply *ret_reply) must_use;

/* The same for the message in inventory.img: *ret_module is its enum criu_module. */
int criu_decode_inventory(const void *bytes, size_t length, uint32_t *ret_module) must_use;

/* The first thing that is wrong by a log, and by a line of one: "" where there is none. */
void criu_log_error(int work_fd, const char *name, char *text, size_t size);
void criu_error_text(const char *line, char *text, size_t size);

#endif
