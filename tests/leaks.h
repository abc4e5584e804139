/* leaks.h: what the leak checker of the address sanitizer looks through; without it nothing. */
#ifndef TESTS_LEAKS_H
#define TESTS_LEAKS_H

/* Has this process, and those it forks, pass over the sanitizers' own variables. */
void leaks_choose_variables(void);

#endif
