#include <pthread.h>
#include <time.h>

#include "_cgo_export.h"

static void nap(long us) {
	struct timespec t = {0, us * 1000};
	nanosleep(&t, 0);
}

/* A thread that Go did not start calls into Go, three times. */
static void *thread(void *n) {
	for (int i = 0; i < 3; i++) {
		goCallback((int)(long)n + i);
		nap(500);
	}
	return 0;
}

void runThreads(void) {
	for (int round = 0; round < 2; round++) {
		pthread_t t[3];
		for (long i = 0; i < 3; i++) pthread_create(&t[i], 0, thread, (void *)(10 * i));
		for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
	}
}

void callOnSameThread(void) { goCallback(100); }
