#ifndef CL_TEMPLATES_H
#define CL_TEMPLATES_H
#endif
