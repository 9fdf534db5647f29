/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal of the protocol page, with its line; and beside them what is still taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "wire/bootstrap.h"

enum { ROW_ATTRS = 4, MESSAGE_BYTES = 8192, AS_IT_IS = 0 };

/* The bytes behind the attribute's header as they stand, padding included. */
struct raw_attr {
	uint16_t type;
	uint16_t nla_len;
	const char *value;
	size_t length;
};

#define RAW(type, nla_len, value)                                                                  \
	{                                                                                          \
		type, nla_len, value, sizeof(value) - 1                                            \
	}
#define TAIL(bytes) .tail = (bytes), .tail_length = sizeof(bytes) - 1
#define FLAGS       RAW(WIRE_CLONE_FLAGS_ATTR, 8, "\0\0\0\x10")
#define PATHS(n, v) RAW(WIRE_NS_PATHS_ATTR, n, v)
#define MAP(n, v)   RAW(WIRE_UIDMAP_ATTR, n, v)

struct row {
	struct raw_attr attrs[ROW_ATTRS];
	const char *expected; /* NULL: it is taken */
	int type;             /* nlmsg_type, or AS_IT_IS */
	uint32_t length;      /* nlmsg_len, or AS_IT_IS */
	int more;             /* added to nlmsg_len */
	const char *tail;     /* behind the last attribute */
	size_t tail_length;
};

static const struct row rows[] = {
	/* What is taken. */
	{.attrs = {FLAGS}},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\1")}},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\0")}},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\1\0\0\0")}},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 8, "\1\0\0\0")}},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 8, "\0\0\0\0")}},
	{.attrs = {RAW(WIRE_SETGROUP_ATTR, 5, "\1\x7f\xff!"), FLAGS}},
	{.attrs = {FLAGS, PATHS(7, "/a\0!")}},
	{.attrs = {FLAGS, PATHS(16, "/a%s,ipc:/\n\0")}},
	{.attrs = {FLAGS, PATHS(8, "\xff\xfe/\0")}},
	{.attrs = {MAP(11, "0 1 1\n\0\0"), PATHS(6, ".\0\0\0"), FLAGS}},
	{.attrs = {FLAGS, MAP(20, "0 0 4294967295\n\0")}},
	{.attrs = {FLAGS, MAP(20, "4294967294 5 1\n\0")}},
	{.attrs = {FLAGS, MAP(17, "0 5 5\n5 0 5\n\0\0\0\0")}},
	/* The header. */
	{.attrs = {FLAGS},
		.type = NLMSG_ERROR,
		.expected = "header at offset 4: nlmsg_type is 2, not 62000 (InitMsg)"},
	{.attrs = {FLAGS},
		.type = 62001,
		.expected = "header at offset 4: nlmsg_type is 62001, not 62000 (InitMsg)"},
	{.attrs = {FLAGS},
		.more = -24,
		.expected = "header at offset 0: nlmsg_len is 0, less than the header's 16"},
	{.attrs = {FLAGS},
		.length = 15,
		.expected = "header at offset 0: nlmsg_len is 15, less than the header's 16"},
	{.attrs = {FLAGS},
		.length = 0x80000000,
		.expected =
			"header at offset 0: nlmsg_len is 2147483648, above the limit of 1048576"},
	{.attrs = {FLAGS},
		.length = 0xffffffff,
		.expected =
			"header at offset 0: nlmsg_len is 4294967295, above the limit of 1048576"},
	{.attrs = {FLAGS},
		.length = 1048577,
		.expected = "header at offset 0: nlmsg_len is 1048577, above the limit of 1048576"},
	{.attrs = {FLAGS},
		.length = 1048576,
		.expected = "header at offset 0: nlmsg_len is 1048576, but 24 bytes are there"},
	{.attrs = {FLAGS},
		.more = 1,
		.expected = "header at offset 0: nlmsg_len is 25, but 24 bytes are there"},
	{.attrs = {FLAGS},
		.more = -1,
		.expected = "header at offset 0: nlmsg_len is 23, but 24 bytes are there"},
	{.expected = "CloneFlagsAttr at offset 16: missing, the message ends here"},
	{.attrs = {PATHS(7, "/a\0\0")},
		.expected = "CloneFlagsAttr at offset 24: missing, the message ends here"},
	/* The lengths. */
	{.attrs = {FLAGS},
		TAIL("\4"),
		.expected = "attribute at offset 24: its header is cut off, 1 bytes are left"},
	{.attrs = {FLAGS, PATHS(7, "/a\0\0")},
		TAIL("\4\0\0"),
		.expected = "attribute at offset 32: its header is cut off, 3 bytes are left"},
	{.attrs = {FLAGS, PATHS(0, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 0, less than its header"},
	{.attrs = {FLAGS, PATHS(1, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 1, less than its header"},
	{.attrs = {FLAGS, PATHS(2, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 2, less than its header"},
	{.attrs = {FLAGS, PATHS(3, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 3, less than its header"},
	{.attrs = {FLAGS, PATHS(9, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 9, but 8 bytes are left"},
	{.attrs = {FLAGS, PATHS(65535, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: nla_len is 65535, but 8 bytes are left"},
	{.attrs = {FLAGS, PATHS(7, "/a\0")},
		.expected = "NsPathsAttr at offset 24: its padding runs past the end, 7 bytes of 8 "
			    "are left"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\1\0")},
		.expected =
			"SetgroupAttr at offset 24: its padding runs past the end, 6 bytes of 8 "
			"are left"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\1\0\0\0")},
		TAIL("\0"),
		.expected = "attribute at offset 32: its header is cut off, 1 bytes are left"},
	/* int32 and bool. */
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 4, "")},
		.expected = "CloneFlagsAttr at offset 16: nla_len is 4, not 8"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 5, "\0\0\0\0")},
		.expected = "CloneFlagsAttr at offset 16: nla_len is 5, not 8"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 7, "\0\0\0\0")},
		.expected = "CloneFlagsAttr at offset 16: nla_len is 7, not 8"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 9, "\0\0\0\0\0\0\0\0")},
		.expected = "CloneFlagsAttr at offset 16: nla_len is 9, not 8"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 12, "\0\0\0\0\0\0\0\0")},
		.expected = "CloneFlagsAttr at offset 16: nla_len is 12, not 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 4, "")},
		.expected = "SetgroupAttr at offset 24: nla_len is 4, neither 5 nor 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 6, "\1\0\0\0")},
		.expected = "SetgroupAttr at offset 24: nla_len is 6, neither 5 nor 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 7, "\1\0\0\0")},
		.expected = "SetgroupAttr at offset 24: nla_len is 7, neither 5 nor 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 9, "\1\0\0\0\0\0\0\0")},
		.expected = "SetgroupAttr at offset 24: nla_len is 9, neither 5 nor 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 12, "\1\0\0\0\0\0\0\0")},
		.expected = "SetgroupAttr at offset 24: nla_len is 12, neither 5 nor 8"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 5, "\2")},
		.expected = "SetgroupAttr at offset 24: value is 0x2, neither 0 nor 1"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 8, "\0\1\0\0")},
		.expected = "SetgroupAttr at offset 24: value is 0x100, neither 0 nor 1"},
	{.attrs = {FLAGS, RAW(WIRE_SETGROUP_ATTR, 8, "\0\0\0\1")},
		.expected = "SetgroupAttr at offset 24: value is 0x1000000, neither 0 nor 1"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 8, "\0\1\0\0")},
		.expected = "CloneFlagsAttr at offset 16: flags 0x100 are none of the eight "
			    "CLONE_NEW*"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 8, "\0\x80\2\0")},
		.expected = "CloneFlagsAttr at offset 16: flags 0x8000 are none of the eight "
			    "CLONE_NEW*"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 8, "\0\2\0\0")},
		.expected = "CloneFlagsAttr at offset 16: flags 0x200 are none of the eight "
			    "CLONE_NEW*"},
	{.attrs = {RAW(WIRE_CLONE_FLAGS_ATTR, 8, "\xff\xff\xff\xff")},
		.expected = "CloneFlagsAttr at offset 16: flags 0x81fdff7f are none of the eight "
			    "CLONE_NEW*"},
	/* bytes. */
	{.attrs = {FLAGS, PATHS(4, "")}, .expected = "NsPathsAttr at offset 24: no NUL at the end"},
	{.attrs = {FLAGS, PATHS(6, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: no NUL at the end"},
	{.attrs = {FLAGS, PATHS(8, "/a\0\0")},
		.expected = "NsPathsAttr at offset 24: NUL inside, at byte 2 of the value"},
	{.attrs = {FLAGS, PATHS(8, "\0/a\0")},
		.expected = "NsPathsAttr at offset 24: NUL inside, at byte 0 of the value"},
	/* Which, and how often. */
	{.attrs = {FLAGS, FLAGS},
		.expected = "CloneFlagsAttr at offset 24: a second one, the first is at offset 16"},
	{.attrs = {PATHS(7, "/a\0\0"), FLAGS, PATHS(7, "/a\0\0")},
		.expected = "NsPathsAttr at offset 32: a second one, the first is at offset 16"},
	{.attrs = {FLAGS, RAW(27280, 8, "abc\0")},
		.expected = "attribute 27280 at offset 24: unknown"},
	{.attrs = {FLAGS, RAW(27287, 8, "abc\0")},
		.expected = "attribute 27287 at offset 24: unknown"},
	{.attrs = {FLAGS, RAW(27291, 8, "abc\0")},
		.expected = "attribute 27291 at offset 24: unknown"},
	{.attrs = {FLAGS, RAW(0, 8, "abc\0")}, .expected = "attribute 0 at offset 24: unknown"},
	{.attrs = {FLAGS, RAW(27283 & ~0x4000, 8, "abc\0")},
		.expected = "attribute 10899 at offset 24: unknown"},
	{.attrs = {FLAGS, RAW(27283 | 0x8000, 8, "abc\0")},
		.expected = "attribute 60051 at offset 24: unknown"},
	/* Paths. */
	{.attrs = {FLAGS, RAW(WIRE_CONSOLE_PATH_ATTR, 5, "\0\0\0\0")},
		.expected = "ConsolePathAttr at offset 24: empty path"},
	{.attrs = {FLAGS, PATHS(5, "\0\0\0\0")},
		.expected = "NsPathsAttr at offset 24: path 1 of the list is empty"},
	{.attrs = {FLAGS, PATHS(6, ",\0\0\0")},
		.expected = "NsPathsAttr at offset 24: path 1 of the list is empty"},
	{.attrs = {FLAGS, PATHS(8, ",/a\0")},
		.expected = "NsPathsAttr at offset 24: path 1 of the list is empty"},
	{.attrs = {FLAGS, PATHS(8, "/a,\0")},
		.expected = "NsPathsAttr at offset 24: path 2 of the list is empty"},
	{.attrs = {FLAGS, PATHS(11, "/a,,/b\0\0")},
		.expected = "NsPathsAttr at offset 24: path 2 of the list is empty"},
	/* Maps; the grammar has a test of its own. */
	{.attrs = {FLAGS, MAP(5, "\0\0\0\0")}, .expected = "UidmapAttr at offset 24: no line"},
	{.attrs = {FLAGS, PATHS(7, "/a\0\0"), RAW(WIRE_GIDMAP_ATTR, 8, "abc\0")},
		.expected = "GidmapAttr at offset 32: line 1 is not \"container host size\" and a "
			    "newline"},
	{.attrs = {FLAGS, PATHS(7, "/a\0\0"), MAP(23, "0 0 5\n6 6 1\n4 9 1\n\0\0")},
		.expected = "UidmapAttr at offset 32: line 3 overlaps line 1"},
};

static size_t build(const struct row *row, unsigned char *message)
{
	struct nlmsghdr header = {
		.nlmsg_type = row->type == AS_IT_IS ? WIRE_INIT_MSG : (uint16_t)row->type,
		.nlmsg_flags = 0xffff,
		.nlmsg_seq = 7,
		.nlmsg_pid = 9,
	};
	size_t length = sizeof(header);

	for (size_t i = 0; i < ROW_ATTRS && row->attrs[i].value; i++) {
		const struct raw_attr *raw = &row->attrs[i];
		struct nlattr attr = {raw->nla_len, raw->type};

		memcpy(message + length, &attr, sizeof(attr));
		memcpy(message + length + sizeof(attr), raw->value, raw->length);
		length += sizeof(attr) + raw->length;
	}
	if (row->tail) {
		memcpy(message + length, row->tail, row->tail_length);
		length += row->tail_length;
	}
	header.nlmsg_len = row->length == AS_IT_IS ? (uint32_t)length : row->length;
	header.nlmsg_len += (uint32_t)row->more;
	memcpy(message, &header, sizeof(header));
	return length;
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		unsigned char message[MESSAGE_BYTES];
		struct wire_attr attrs[WIRE_ATTR_COUNT];
		struct berth_error err = {0};
		size_t count = 99;
		int r = wire_bootstrap_decode(
			message, build(&rows[i], message), attrs, &count, &err);

		if (!rows[i].expected) {
			assert_string_equal(err.message, "");
			assert_int_equal(r, 0);
			assert_in_range(count, 1, WIRE_ATTR_COUNT);
			continue;
		}
		assert_string_equal(err.message, rows[i].expected);
		assert_int_equal(r, -EPROTO);
		assert_int_equal(count, 99);
		assert_int_equal(err.error_class, BERTH_ERROR_PROTOCOL);
	}
}

static void test_header_alone(void **state)
{
	struct nlmsghdr header = {.nlmsg_len = 1048576, .nlmsg_type = WIRE_INIT_MSG};
	struct berth_error err = {0};
	uint32_t length = 1;

	(void)state;
	assert_int_equal(wire_bootstrap_header(&header, &length, &err), 0);
	assert_int_equal(length, 1048576);
	header.nlmsg_len = 16;
	assert_int_equal(wire_bootstrap_header(&header, &length, &err), 0);
	assert_int_equal(length, 16);
	header.nlmsg_len = 15;
	assert_int_equal(wire_bootstrap_header(&header, &length, &err), -EPROTO);
	header.nlmsg_len = 1048577;
	assert_int_equal(wire_bootstrap_header(&header, &length, NULL), -EPROTO);
	assert_int_equal(length, 16);
}

struct map_row {
	const char *text;
	int code;
	const char *why;
};

#define FORM(line) "line " line " is not \"container host size\" and a newline"
#define SIZE(line) "line " line " has a size of 0 or an id above 4294967294"

static const struct map_row map_rows[] = {
	{"0 1000 1\n", 0, NULL},
	{"0 1000 1\n1 100000 65536\n", 0, NULL},
	{"0 0 4294967295\n", 0, NULL},
	{"0 5 5\n5 10 5\n10 0 5\n", 0, NULL},
	{"", -EINVAL, "no line"},
	{"\n", -EINVAL, FORM("1")},
	{"0 1 1", -EINVAL, FORM("1")},
	{"0 1 1\n\n", -EINVAL, FORM("2")},
	{"0 1\n", -EINVAL, FORM("1")},
	{"0 1 1 1\n", -EINVAL, FORM("1")},
	{"0  1 1\n", -EINVAL, FORM("1")},
	{" 0 1 1\n", -EINVAL, FORM("1")},
	{"0 1 1 \n", -EINVAL, FORM("1")},
	{"0\t1 1\n", -EINVAL, FORM("1")},
	{"0 1 1\r\n", -EINVAL, FORM("1")},
	{"-1 1 1\n", -EINVAL, FORM("1")},
	{"+1 1 1\n", -EINVAL, FORM("1")},
	{"0x1 1 1\n", -EINVAL, FORM("1")},
	{"00 1 1\n", -EINVAL, FORM("1")},
	{"0 01 1\n", -EINVAL, FORM("1")},
	{"0 00000000001 1\n", -EINVAL, FORM("1")},
	{"0 1 1\nx", -EINVAL, FORM("2")},
	{"0 1 0\n", -ERANGE, SIZE("1")},
	{"0 1 4294967295\n", -ERANGE, SIZE("1")},
	{"0 1 4294967296\n", -ERANGE, SIZE("1")},
	{"0 99999999999999999999 1\n", -ERANGE, SIZE("1")},
	{"4294967295 1 1\n", -ERANGE, SIZE("1")},
	{"1 4294967295 1\n", -ERANGE, SIZE("1")},
	{"0 1 1\n4294967290 9 6\n", -ERANGE, SIZE("2")},
	{"0 1 2\n1 9 1\n", -EINVAL, "line 2 overlaps line 1"},
	{"1 9 1\n0 1 2\n", -EINVAL, "line 2 overlaps line 1"},
	{"0 9 1\n1 10 1\n2 9 1\n", -EINVAL, "line 3 overlaps line 1"},
	{"0 9 1\n1 10 1\n2 8 3\n", -EINVAL, "line 3 overlaps line 1"},
	{"0 0 1\n0 0 1\n", -EINVAL, "line 2 overlaps line 1"},
};

static void test_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(map_rows); i++) {
		struct wire_id_map maps[340];
		char why[160] = "";
		size_t count = 99;

		assert_int_equal(
			wire_id_map_check(map_rows[i].text, why, sizeof(why)), map_rows[i].code);
		assert_string_equal(why, map_rows[i].why ? map_rows[i].why : "");
		assert_int_equal(
			wire_id_map_parse(map_rows[i].text, maps, &count), map_rows[i].code);
		assert_true((count == 99) == (map_rows[i].code != 0));
	}
}

/* Distinct lines, "0 0 1", "1 1 1" ...: 340 are 3,360 bytes, under the limit of bytes. */
static size_t many_lines(char *text, unsigned int lines)
{
	size_t length = 0;

	for (unsigned int i = 0; i < lines; i++) {
		length += (size_t)sprintf(text + length, "%u %u 1\n", i, i);
	}
	return length;
}

static void test_map_limits(void **state)
{
	struct wire_id_map maps[340];
	char text[8192];
	char why[160];
	size_t count = 0;
	size_t length;

	(void)state;
	(void)many_lines(text, 340);
	assert_int_equal(wire_id_map_parse(text, maps, &count), 0);
	assert_int_equal(count, 340);
	assert_int_equal(maps[339].host, 339);
	assert_int_equal(wire_id_map_parse(text, NULL, &count), 0);

	assert_in_range(many_lines(text, 341), 1, 4095);
	assert_int_equal(wire_id_map_check(text, why, sizeof(why)), -E2BIG);
	assert_string_equal(why, "more than 340 lines");

	/* 200 long lines pass 4,096 bytes with few lines. */
	length = 0;
	for (unsigned int i = 0; i < 200; i++) {
		length +=
			(size_t)sprintf(text + length, "%u %u 1\n", 1000000000 + i, 2000000000 + i);
	}
	assert_int_equal(wire_id_map_check(text, why, sizeof(why)), -E2BIG);
	assert_string_equal(why, "4096 bytes or more");
	text[24 * 170] = '\0'; /* 4,080 bytes: whole lines */
	assert_int_equal(wire_id_map_parse(text, maps, &count), 0);
	assert_int_equal(count, 170);
	(void)strcpy(text + 24 * 170, "1 2 3000000000\n");
	assert_int_equal(strlen(text), 4095);
	assert_int_equal(wire_id_map_check(text, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "line 171 overlaps line 1");
	(void)strcpy(text + 24 * 170, "10 20 300000000\n");
	assert_int_equal(strlen(text), 4096);
	assert_int_equal(wire_id_map_check(text, why, sizeof(why)), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_header_alone),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_map_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
