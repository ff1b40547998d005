#define _GNU_SOURCE
#include "polling.h"

int cmhd_accept(int listener, struct sockaddr * address, socklen_t * length) {
    return accept4(listener, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
