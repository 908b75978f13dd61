#include "files.h"

#ifdef _WIN32

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <io.h>
#include <sys/stat.h>
#include <windows.h>

/* What its name leads to; invalid where it cannot be opened. */
static HANDLE open_named(const char *path, DWORD access, DWORD shared)
{
    wchar_t *name = g_utf8_to_utf16(path, -1, NULL, NULL, NULL);
    HANDLE handle = !name ? INVALID_HANDLE_VALUE
                          : CreateFileW(name, access, shared, NULL, OPEN_EXISTING,
                                        FILE_FLAG_BACKUP_SEMANTICS, NULL);

    g_free(name);
    return handle;
}

static HANDLE open_shared(const char *path)
{
    return open_named(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
}

static struct fs_file file_of(HANDLE handle)
{
    struct fs_file file = { .is_there = true };
    BY_HANDLE_FILE_INFORMATION info;

    if (GetFileType(handle) == FILE_TYPE_CHAR)
        file.is_character = true;
    else if (GetFileType(handle) == FILE_TYPE_DISK && GetFileInformationByHandle(handle, &info)) {
        file.is_regular = !(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
        file.device = info.dwVolumeSerialNumber;
        file.number = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    }
    return file;
}

struct fs_file fs_file_of(const char *path)
{
    HANDLE handle = open_shared(path);

    if (handle == INVALID_HANDLE_VALUE)
        return (struct fs_file){ 0 };
    struct fs_file file = file_of(handle);
    CloseHandle(handle);
    return file;
}

struct fs_file fs_file_of_stdout(void)
{
    HANDLE handle = GetStdHandle(STD_OUTPUT_HANDLE);

    return handle && handle != INVALID_HANDLE_VALUE ? file_of(handle) : (struct fs_file){ 0 };
}

/* The system's own name of a file; NULL where it has none. */
static char *final_name(HANDLE handle)
{
    DWORD length = GetFinalPathNameByHandleW(handle, NULL, 0, FILE_NAME_NORMALIZED);
    wchar_t *name = length ? g_new(wchar_t, length) : NULL;
    bool has_name =
        name && GetFinalPathNameByHandleW(handle, name, length, FILE_NAME_NORMALIZED) > 0;
    char *path = has_name ? g_utf16_to_utf8(name, -1, NULL, NULL, NULL) : NULL;

    g_free(name);
    return path;
}

char *fs_file_followed(const char *name)
{
    HANDLE handle = open_shared(name);
    char *path = handle == INVALID_HANDLE_VALUE ? NULL : final_name(handle);

    if (handle != INVALID_HANDLE_VALUE)
        CloseHandle(handle);
    return path ? path : g_canonicalize_filename(name, NULL);
}

/* Who shares it with nobody cannot open what anybody has open. */
enum fs_file_use fs_file_use(const char *path)
{
    HANDLE handle = open_named(path, GENERIC_READ, 0);

    if (handle == INVALID_HANDLE_VALUE)
        return GetLastError() == ERROR_SHARING_VIOLATION ? FS_FILE_OPEN : FS_FILE_UNUSED;
    CloseHandle(handle);
    return FS_FILE_UNUSED;
}

bool fs_file_may_write(const char *path)
{
    enum { WRITE = 2 };

    return g_access(path, WRITE) == 0;
}

/* The C library shares no right to delete: while it is open, nobody sweeps it. */
FILE *fs_file_open_replacement(const char *target, const char *ending, char **ret_path)
{
    char *path = g_strconcat(target, ending, NULL);
    int descriptor = g_mkstemp_full(path, _O_RDWR | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);

    if (descriptor < 0) {
        g_free(path);
        return NULL;
    }
    *ret_path = path;
    return _fdopen(descriptor, "w+b");
}

/* What is there keeps its access rights and attributes. */
static bool replace(const char *path, const char *target)
{
    wchar_t *from = g_utf8_to_utf16(path, -1, NULL, NULL, NULL);
    wchar_t *to = g_utf8_to_utf16(target, -1, NULL, NULL, NULL);
    bool is_done = from && to && ReplaceFileW(to, from, NULL, 0, NULL, NULL);

    g_free(from);
    g_free(to);
    if (!is_done)
        errno = EACCES;
    return is_done;
}

bool fs_file_replace(FILE *file, const char *path, const char *target)
{
    bool is_done = fclose(file) == 0 &&
                   (g_file_test(target, G_FILE_TEST_EXISTS) ? replace(path, target)
                                                            : g_rename(path, target) == 0);
    int error = errno;

    if (!is_done)
        g_unlink(path);
    errno = error;
    return is_done;
}

void fs_file_sweep(const char *path)
{
    g_unlink(path);
}

char *fs_file_of_function(void (*function)(void))
{
    wchar_t name[MAX_PATH];
    HMODULE library;

    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            (const wchar_t *)function, &library))
        return NULL;
    DWORD length = GetModuleFileNameW(library, name, MAX_PATH);
    return length > 0 && length < MAX_PATH ? g_utf16_to_utf8(name, length, NULL, NULL, NULL) : NULL;
}

#endif
