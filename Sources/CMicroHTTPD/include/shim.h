#ifndef CMICROHTTPD_SHIM_H
#define CMICROHTTPD_SHIM_H

// libmicrohttpd, and what Swift does not import of it: variadic functions and #defined constants.

#include <microhttpd.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// What a daemon is started with. The callbacks share one context.
typedef struct cmhd_options {
    unsigned int connection_limit;
    size_t connection_memory; // for one connection: its headers, and its read and write buffers
    const char * tls_key;     // PEM; NULL for plain HTTP. Must outlive the daemon, as must tls_certificate.
    const char * tls_certificate;
    void * context;
    MHD_AccessHandlerCallback handler;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection_changed;
    void * (*target)(void * context, const char * target, struct MHD_Connection * connection);
    void (*log)(const char * line);
} cmhd_options;

// Formats a line of libmicrohttpd's log. A line that would name a request's URL is left as its template.
static inline void cmhd_log(void * log, const char * format, va_list arguments) {
    char line[256];
    if (strstr(format, "request for") != NULL) {
        snprintf(line, sizeof line, "%s", format);
    } else {
        vsnprintf(line, sizeof line, format, arguments);
    }
    line[strcspn(line, "\n")] = '\0';
    ((void (*)(const char *))log)(line);
}

// A daemon with one thread of its own, without a listening socket: connections are given to it.
static inline struct MHD_Daemon * cmhd_start(const cmhd_options * options) {
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET
                         | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->tls_key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->tls_certificate},
        // RFC 8996: TLS 1.0 and 1.1 are not to be used.
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
        {MHD_OPTION_END, 0, NULL},
    };
    if (options->tls_key != NULL) {
        flags |= MHD_USE_TLS;
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    // The logger comes first, so that the rest is reported through it.
    return MHD_start_daemon(flags, 0, NULL, NULL, options->handler, options->context,
                            MHD_OPTION_EXTERNAL_LOGGER, cmhd_log, (void *)options->log,
                            MHD_OPTION_CONNECTION_LIMIT, options->connection_limit,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
                            MHD_OPTION_CONNECTION_TIMEOUT, 0u,
                            MHD_OPTION_NOTIFY_COMPLETED, options->completed, options->context,
                            MHD_OPTION_NOTIFY_CONNECTION, options->connection_changed, options->context,
                            MHD_OPTION_URI_LOG_CALLBACK, options->target, options->context,
                            MHD_OPTION_ARRAY, tls,
                            MHD_OPTION_END);
}

static inline int cmhd_socket(struct MHD_Connection * connection) {
    const union MHD_ConnectionInfo * info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

static inline void * cmhd_socket_context(struct MHD_Connection * connection) {
    const union MHD_ConnectionInfo * info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

// Sets the inactivity timeout of one connection; 0, the daemon's own, for none.
static inline void cmhd_set_timeout(struct MHD_Connection * connection, unsigned int seconds) {
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

// Ends a response with the connection, without chunks. False where that failed.
static inline bool cmhd_end_with_connection(struct MHD_Response * response) {
    return MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END) == MHD_YES;
}

static const uint64_t cmhd_size_unknown = MHD_SIZE_UNKNOWN;
static const ssize_t cmhd_end_of_stream = MHD_CONTENT_READER_END_OF_STREAM;
static const ssize_t cmhd_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;

#endif
