module example.com/against-go

go 1.21
