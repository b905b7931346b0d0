// Package report builds the daily sales report and writes it to a file.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"example.com/shop/internal/regress"
)

// Build returns the report as text, a line for each sale.
func Build(sales int) string {
	if regress.On("alloc") {
		text := ""
		for i := 0; i < sales; i++ {
			text += line(i) // copies all that was there before
		}
		return text
	}
	var text strings.Builder
	for i := 0; i < sales; i++ {
		text.WriteString(line(i))
	}
	return text.String()
}

func line(i int) string { return fmt.Sprintf("%06d;%d.%02d\n", i, i/100, i%100) }

// Write writes the report line by line, through a buffer.
// With REGRESSION=unbuffered the buffer is gone, and each line is a system call.
func Write(w io.Writer, sales int) error {
	if regress.On("unbuffered") {
		return lines(w, sales)
	}
	buf := bufio.NewWriter(w)
	if err := lines(buf, sales); err != nil {
		return err
	}
	return buf.Flush()
}

func lines(w io.Writer, sales int) error {
	for i := 0; i < sales; i++ {
		if _, err := io.WriteString(w, line(i)); err != nil {
			return err
		}
	}
	return nil
}
