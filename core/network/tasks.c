/* tasks.c: cutting work into blocks and running them. Where a block begins and ends follows from
 * the shape of the matrix alone, never from the number of threads: what is summed block by block
 * keeps its bits. Where a task runs changes nothing, so a run of little work stays on the calling
 * thread. */
#include "network/extent.h"
#include "network/layers.h"
#include "network/product.h"

/* Blocks are about as wide as a product's strip, and high: a strip of the weights is laid out once for
 * all rows of a block. Functions of whole rows are given fewer at a time. */
enum {
    WIDTH = 64,
    HEIGHT = 512,
    ROWS = 64,
    MULTIPLE = 16,
    LITTLE = 4000000, /* multiplications that are done before another thread has been woken      */
};

/* The step that cuts `extent` into as few even parts as have at most `most`. */
static size_t even_step(size_t extent, size_t most)
{
    if (extent <= most)
        return extent;
    return divide_up(even_part(extent, most), MULTIPLE) * MULTIPLE;
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
    return grid_cut(rows, cols, HEIGHT, rows <= PRODUCT_TURNED ? 2 * WIDTH : WIDTH);
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
    if (run->work < LITTLE)
        run_here(run);
    else
        pool_run(network->pool, run->count, run->task, run->context);
    const int failed = atomic_load(&network->plugin_status);
    if (failed == PLX_OK)
        return true;
    host_failed(network->host, run->plugin, failed, error);
    if (run->l != NO_TENSOR)
        error_prefix(error, "layer %d", run->l);
    return false;
}
