module github.com/OWNER/gotrace-diff/go

go 1.22
