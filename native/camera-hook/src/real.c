/**
 * @file real.c  The vendor's functions behind ours
 *
 * Without STREAM_HACK_LIBIMP that is what the firmware would have called were
 * we not there. The loader's functions are weak: libdl may not be loaded.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include "real.h"

#define LIBIMP_DEFAULT "/usr/lib/libimp.so"
#define GLIBC_DLOPEN_MODE (int)0x80000000

typedef void *(dlopen_h)(const char *file, int mode);
typedef void *(dlsym_h)(void *handle, const char *name);

extern dlopen_h dlopen __attribute__((weak));
extern dlsym_h dlsym __attribute__((weak));

/* glibc before 2.34 keeps a second pair in libc itself */
extern void *__libc_dlopen_mode(const char *file, int mode)
	__attribute__((weak));
extern void *__libc_dlsym(void *handle, const char *name)
	__attribute__((weak));

static _Atomic bool file_failed;

static dlsym_h *loader_dlsym(void)
{
	void *libdl;

	if (dlsym)
		return dlsym;

	if (!__libc_dlopen_mode || !__libc_dlsym)
		return NULL;

	libdl = __libc_dlopen_mode("libdl.so.2", RTLD_NOW | GLIBC_DLOPEN_MODE);

	return libdl ? (dlsym_h *)__libc_dlsym(libdl, "dlsym") : NULL;
}

static void *find_in_file(dlsym_h *find, const char *file, const char *name)
{
	dlopen_h *open_file = dlopen ? dlopen
				     : (dlopen_h *)find(RTLD_DEFAULT, "dlopen");
	void *library;

	if (!open_file)
		return NULL;

	library = open_file(file, RTLD_LAZY | RTLD_GLOBAL);

	return library ? find(library, name) : NULL;
}

static void *other_than(void *found, const void *ours)
{
	return found == ours ? NULL : found;
}

static void *find_anew(struct real *real)
{
	const char *file = getenv("STREAM_HACK_LIBIMP");
	dlsym_h *find = loader_dlsym();
	void *found = NULL;

	if (!find)
		return NULL;

	if (file && *file) {
		found = other_than(find_in_file(find, file, real->name),
				   real->ours);
		if (!found)
			atomic_store(&file_failed, true);
	}

	if (!found)
		found = other_than(find(RTLD_NEXT, real->name), real->ours);
	if (!found)
		found = other_than(find_in_file(find, LIBIMP_DEFAULT,
						real->name), real->ours);

	return found;
}

/**
 * Find a function of the vendor's; safe in any thread
 *
 * @param real Function
 *
 * @return Its address, NULL if there is none
 */
void *real_find(struct real *real)
{
	void *found = atomic_load_explicit(&real->address,
					   memory_order_acquire);

	if (found)
		return found;

	found = find_anew(real);
	atomic_store_explicit(&real->address, found, memory_order_release);

	return found;
}

/**
 * Was there a file in STREAM_HACK_LIBIMP that lacked a function?
 *
 * @return True if another library was used in its place
 */
bool real_file_failed(void)
{
	return atomic_load(&file_failed);
}
