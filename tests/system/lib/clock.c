/*
 * clock.c - preloaded into the daemon by Site.pm: GLib's real time as the file
 * LEADMILTER_TEST_CLOCK says, so that a story of a year takes no year.  A number moves it by so
 * many seconds, "=SECONDS" holds it there.  Monotonic time, by which threads wait, is as ever.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t g_get_real_time(void);

static int64_t
real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int64_t
g_get_real_time(void)
{
	const char *path = getenv("LEADMILTER_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	if (fd < 0)
		return real_time();
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	if (text[0] == '=')
		return strtoll(text + 1, NULL, 10) * 1000000;
	return real_time() + strtoll(text, NULL, 10) * 1000000;
}
