/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket activation, sd_listen_fds(3): descriptors from 3 on that were handed to this process for its program.
 * Where LISTEN_PID is another process they are none of ours: the variables were only inherited.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

int cli_listen(const struct cli_globals *globals, uint32_t *ret_count, const char **ret_names)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	char own[16];

	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	if (!pid || !count || strcmp(pid, own) != 0) {
		return 0;
	}
	if (!cli_number(count, ret_count)) {
		return cli_fail_text(globals, "LISTEN_FDS is \"%s\", not a number", count);
	}
	*ret_names = names && names[0] ? names : NULL;
	return 0;
}
