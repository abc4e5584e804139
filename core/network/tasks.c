/* tasks.c: cutting work into blocks and running them. Where a block begins and ends follows from
 * the shape of the matrix alone, never from the number of threads: a library's product may give
 * an element other bits in a block of other extents. Where a task runs changes nothing, so a run
 * of little work stays on the calling thread. */
#include "network/layers.h"

/* Of a matrix over the rows of a batch: flat blocks as wide as the matrix if it has at most WIDTH
 * columns, else higher ones of at most WIDTH. Both measured well, and a usual batch gives several
 * of either. */
enum {
    WIDTH = 128,
    FLAT_ROWS = 32,
    ROWS = 64,
    MULTIPLE = 16,
    LITTLE = 65536, /* multiplications that take about as long as waking a thread                */
};

static size_t divide_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* The step that cuts `extent` into as few even parts as have at most `most`. */
static size_t even_step(size_t extent, size_t most)
{
    if (extent <= most)
        return extent;
    const size_t part = divide_up(extent, divide_up(extent, most));
    return divide_up(part, MULTIPLE) * MULTIPLE;
}

grid grid_cut(size_t rows, size_t cols, size_t most_rows, size_t most_cols)
{
    grid cut = {.rows = rows, .cols = cols, .row_step = most_rows};

    if (rows == 0 || cols == 0)
        return cut;
    cut.col_step = even_step(cols, most_cols);
    cut.across = divide_up(cols, cut.col_step);
    cut.blocks = divide_up(rows, cut.row_step) * cut.across;
    return cut;
}

grid grid_of_batch(size_t rows, size_t cols)
{
    return grid_cut(rows, cols, cols <= WIDTH ? FLAT_ROWS : ROWS, WIDTH);
}

grid grid_of_rows(size_t rows, size_t cols)
{
    return grid_cut(rows, cols, ROWS, cols);
}

block grid_block(const grid *grid, size_t number)
{
    block at = {.row = number / grid->across * grid->row_step,
                .col = number % grid->across * grid->col_step,
                .rows = grid->row_step,
                .cols = grid->col_step};

    if (at.rows > grid->rows - at.row)
        at.rows = grid->rows - at.row;
    if (at.cols > grid->cols - at.col)
        at.cols = grid->cols - at.col;
    return at;
}

void note_status(atomic_int *first, int32_t status)
{
    int none = PLX_OK;

    if (status != PLX_OK)
        atomic_compare_exchange_strong(first, &none, status);
}

static void run_here(const task_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        run->task(run->context, i, 0);
}

bool run_tasks(network *network, const task_run *run, plx_error *error)
{
    atomic_store(&network->plugin_status, PLX_OK);
    atomic_store(&network->product_status, PLX_OK);
    if (run->work < LITTLE)
        run_here(run);
    else
        pool_run(network->pool, run->count, run->task, run->context);
    const int failed = atomic_load(&network->plugin_status);
    if (atomic_load(&network->product_status) != PLX_OK)
        return error_set(error, ERROR_RUN,
                         "a matrix product failed in oneDNN; it may be out of memory");
    if (failed == PLX_OK)
        return true;
    host_failed(network->host, run->plugin, failed, error);
    if (run->l != NO_TENSOR)
        error_prefix(error, "layer %d", run->l);
    return false;
}
