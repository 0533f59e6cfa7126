/*
 * clock.c - preloaded into the daemon by Site.pm: GLib's real time, moved by the seconds that stand in
 * the file LEADMILTER_TEST_CLOCK names, so that a story of a year takes no year.  Monotonic time,
 * by which threads wait, is as ever.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t g_get_real_time(void);

static int64_t
offset(void)
{
	const char *path = getenv("LEADMILTER_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[32] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoll(text, NULL, 10);
}

int64_t
g_get_real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec + offset()) * 1000000 + now.tv_nsec / 1000;
}
