// Run the SQL on standard input with DuckDB, and print the rows that its statements return: a line
// each, with tabs between the values.
import { DuckDBInstance } from '@duckdb/node-api';
import fs from 'node:fs';

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const statements = await connection.extractStatements(fs.readFileSync(0, 'utf8'));
try {
    for (let i = 0; i < statements.count; i++) {
        const reader = await (await statements.prepare(i)).runAndReadAll();
        // What changes something returns how much: nobody asks.
        if (reader.columnNames()[0] !== 'Count')
            for (const row of reader.getRows())
                fs.writeSync(1, row.join('\t') + '\n');
    }
} catch (error) {
    fs.writeSync(2, error.message + '\n');
    process.exit(1);
}
