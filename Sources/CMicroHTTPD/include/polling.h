#ifndef CMICROHTTPD_POLLING_H
#define CMICROHTTPD_POLLING_H

// What the thread beside libmicrohttpd's needs of Linux, and Swift's Glibc module lacks.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// accept4: a socket that is not blocking and not inherited, or -1 with errno.
int cmhd_accept(int listener, struct sockaddr * address, socklen_t * length);

#endif
