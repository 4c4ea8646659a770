import TrustCommands

@main
struct Main {
    static func main() {
        Program.main()
    }
}
