/* log.h: where lines for the user go. Nothing below cli writes to a terminal: it is handed a
 * logger, and the caller decides. */
#ifndef SUPPORT_LOG_H
#define SUPPORT_LOG_H

typedef enum { LOG_INFO, LOG_WARNING } log_level;

typedef struct logger {
    void (*line)(void *context, log_level level, const char *text);
    void *context;
} logger;

/* NULL, or a logger without `line`, is silent. */
void log_line(const logger *logger, log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
